//! Services that run for themselves: what each needs to start, what it does without the others,
//! and what a gateway passes on. The whole story on many processes is told elsewhere.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Person, PostgresDatabase};

use crate::program::run;

const KEY: &str = "0123456789abcdef";

/// One process of the exchange.
struct Process {
    child: Child,
    url: String,
    folder: TempDir,
}

/// Where nobody listens.
fn nowhere() -> String {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    address.to_string()
}

fn spawn(role: &str, listen: &str, settings: &[(&str, &str)], folder: &TempDir) -> Child {
    let log = File::options().create(true).append(true).open(folder.path().join("log")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ticketing"));
    command
        .args(["serve", role, "--listen", listen])
        .current_dir(folder.path())
        .env_clear()
        .env("SERVICE_KEY", KEY)
        .env("PASSWORD_HASH_MEMORY_KIB", "8")
        .env("PASSWORD_HASH_ITERATIONS", "1")
        .env("RATE_LIMIT_ENABLED", "false")
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log);
    command.spawn().unwrap()
}

impl Process {
    fn start(role: &str, settings: &[(&str, &str)]) -> Self {
        Self::at(role, "127.0.0.1:0", settings)
    }

    fn at(role: &str, listen: &str, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = spawn(role, listen, settings, &folder);
        let greeting = BufReader::new(child.stdout.take().unwrap());
        let address = greeting.lines().map_while(Result::ok).find_map(|line| {
            line.trim().strip_prefix("Address").map(|address| address.trim().to_owned())
        });
        let url = address.unwrap_or_else(|| panic!("{role} didn't start:\n{}", log(&folder)));
        Self { child, url, folder }
    }

    async fn get(&self, path: &str, key: Option<&str>) -> (u16, Value) {
        let mut request = client().get(format!("{}{path}", self.url));
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// What its health says of each part.
    async fn health(&self) -> Value {
        self.get("/api/health", None).await.1["details"].clone()
    }

    fn stop(&mut self) -> bool {
        terminate(&self.child);
        self.child.wait().unwrap().success()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
        if std::thread::panicking() {
            eprintln!("log of {}:\n{}", self.url, log(&self.folder));
        }
    }
}

fn client() -> Client {
    Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap()
}

fn log(folder: &TempDir) -> String {
    std::fs::read_to_string(folder.path().join("log")).unwrap_or_default()
}

fn terminate(child: &Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
}

#[test]
fn a_role_without_what_it_needs_does_not_start() {
    for (role, missing) in [
        ("auth", &["DATABASE_URL", "REDIS_URL", "SERVICE_KEY"][..]),
        ("orders", &["DATABASE_URL", "AMQP_URL", "REDIS_URL", "SERVICE_KEY", "AUTH_URL"]),
        ("gateway", &["AUTH_URL", "TICKETS_URL", "ORDERS_URL", "PAYMENTS_URL"]),
    ] {
        let output = run(Path::new("/"), &["serve", role], &[]);
        assert_eq!(output.status.code(), Some(1));
        let complaint = String::from_utf8(output.stderr).unwrap();
        for key in missing {
            assert!(complaint.contains(&format!("fault: {key} (--")), "{role}: {complaint}");
        }
        assert_eq!(complaint.matches("fault: ").count(), missing.len(), "{complaint}");
    }
}

#[test]
fn secrets_stay_secret() {
    let faulty = [
        ("DATABASE_URL", "postgres://u:hunter2@h/a-b"),
        ("AMQP_URL", "http://u:hunter2/@h"),
        ("REDIS_URL", "rediss://:hunter2/@h"),
        ("AUTH_URL", "http://a,http://u:hunter2@b"),
        ("SERVICE_KEY", "hunter2"),
    ];
    for command in [&["serve", "orders"][..], &["config", "check"], &["config", "show"]] {
        let output = run(Path::new("/"), command, &faulty);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains("DATABASE_URL") && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn what_is_about_a_folder_is_not_done_to_a_server() {
    let settings =
        [("DATABASE_URL", "postgres://h"), ("AMQP_URL", "amqp://h"), ("REDIS_URL", "redis://h")];
    for command in [&["demo"][..], &["backup", "/tmp/x"], &["restore", "/tmp/x"]] {
        let output = run(Path::new("/"), command, &settings);
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("pg_dump"), "{said}");
    }
}

/// A database server that is away is waited for, and the wait can be ended. Meanwhile connections
/// are refused, so that nobody waits for an answer that may never come.
#[test]
fn a_database_that_is_away_is_waited_for() {
    let (database, redis) = (format!("postgres://u:hunter2@{}/x", nowhere()), nowhere());
    let redis = format!("redis://{redis}");
    let settings = [("AUTH_DATABASE_URL", database.as_str()), ("REDIS_URL", redis.as_str())];
    let (folder, listen) = (tempfile::tempdir().unwrap(), nowhere());
    let mut child = spawn("auth", &listen, &settings, &folder);
    let deadline = Instant::now() + Duration::from_secs(20);
    while !log(&folder).contains("Waits for the database server") {
        assert!(Instant::now() < deadline, "{}", log(&folder));
        std::thread::yield_now();
    }
    let refused = TcpStream::connect(&listen).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    terminate(&child);
    assert!(child.wait().unwrap().success(), "{}", log(&folder));
    assert!(!log(&folder).contains("hunter2"), "{}", log(&folder));
}

/// Orders without a broker, without Redis and without auth: it starts, says what it lacks, and
/// refuses what it can't know.
#[tokio::test]
async fn a_service_alone_refuses_rather_than_guess() {
    let database = PostgresDatabase::new();
    let (amqp, redis) = (format!("amqp://{}", nowhere()), format!("redis://{}", nowhere()));
    let (url, auth) = (database.url(), format!("http://{}", nowhere()));
    let mut orders = Process::start(
        "orders",
        &[
            ("ORDERS_DATABASE_URL", url.as_str()),
            ("AMQP_URL", amqp.as_str()),
            ("REDIS_URL", redis.as_str()),
            ("AUTH_URL", auth.as_str()),
        ],
    );
    let health = orders.health().await;
    for (part, level) in
        [("orders", "up"), ("auth", "down"), ("redis", "down"), ("rabbitmq", "down")]
    {
        assert_eq!(health[part]["status"], level, "{part}: {health}");
    }
    assert!(health["disk"].is_null(), "no data of it is on this disk");
    assert_eq!(orders.get("/api/health/ready", None).await.0, 200);
    assert_eq!(orders.get("/api/health/live", None).await.0, 200);
    assert_eq!(orders.get("/api/orders", None).await.0, 401, "nobody has to be asked");
    let began = Instant::now();
    let (status, body) = orders.get("/api/orders", Some("ory_st_token")).await;
    assert_eq!((status, &body["type"]), (503, &json!("/errors/unavailable")));
    assert!(began.elapsed() < Duration::from_secs(5));

    // what other services may ask
    let heard = "/internal/heard/0190a0a0-0000-7000-8000-000000000000";
    for path in [heard, "/internal/open-reservations?limit=10"] {
        for key in [None, Some("ory_st_token"), Some("0123456789abcdeg")] {
            assert_eq!(orders.get(path, key).await.0, 401, "{path}");
        }
    }
    assert_eq!(orders.get(heard, Some(KEY)).await.0, 404);
    assert_eq!(orders.get("/internal/heard/nonsense", Some(KEY)).await.0, 404);
    let open = orders.get("/internal/open-reservations?limit=10", Some(KEY)).await;
    assert_eq!(open, (200, json!([])));
    assert_eq!(orders.get("/internal/open-reservations?after=x", Some(KEY)).await.0, 400);
    for others in ["/api/tickets", "/api/payments/x", "/sessions/whoami", "/relation-tuples"] {
        assert_eq!(orders.get(others, Some(KEY)).await.0, 404, "{others} is another service's");
    }
    assert!(orders.stop(), "{}", log(&orders.folder));
}

/// A gateway before auth, which goes and comes back.
#[tokio::test]
async fn a_gateway_passes_on_and_hides() {
    let database = PostgresDatabase::new();
    let redis = format!("redis://{}", nowhere());
    let (url, away, place) = (database.url(), format!("http://{}", nowhere()), nowhere());
    let settings = [("AUTH_DATABASE_URL", url.as_str()), ("REDIS_URL", redis.as_str())];
    let mut auth = Process::at("auth", &place, &settings);
    let auths = format!("{away},{}", auth.url);
    let mut gateway = Process::start(
        "gateway",
        &[
            ("AUTH_URL", auths.as_str()),
            ("TICKETS_URL", away.as_str()),
            ("ORDERS_URL", away.as_str()),
            ("PAYMENTS_URL", away.as_str()),
        ],
    );
    let person = Person::at_url(&gateway.url, "ada@example.test").await;
    let whoami = gateway.get("/sessions/whoami", Some(&person.token)).await;
    assert_eq!((whoami.0, &whoami.1["identity"]["traits"]["email"]), (200, &json!(person.email)));
    for hidden in ["/relation-tuples", "/admin/relation-tuples", "/internal/heard/x"] {
        assert_eq!(gateway.get(hidden, Some(KEY)).await.0, 404, "{hidden}");
    }
    assert_eq!(auth.get("/relation-tuples", Some(KEY)).await.0, 200);
    assert_eq!(gateway.get("/api/tickets", None).await.0, 503);
    assert_eq!(gateway.get("/open-api-json", None).await.0, 200);
    let health = gateway.health().await;
    assert_eq!((&health["tickets"]["status"], &health["redis"]), (&json!("down"), &Value::Null));

    assert!(auth.stop());
    assert_eq!(gateway.get("/sessions/whoami", Some(&person.token)).await.0, 503);
    let auth = Process::at("auth", &place, &settings);
    // an address that refused is asked last for a while, but asked
    assert_eq!(gateway.get("/sessions/whoami", Some(&person.token)).await.0, 200);
    assert!(gateway.stop());
    drop(auth);
}
