//! The program itself: how it starts, what it says, how it stops.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use testkit::Person;

use crate::one_process;

pub(crate) fn run(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ticketing"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

#[tokio::test]
async fn a_data_folder_belongs_to_one_process() {
    let exchange = one_process(&[]);
    let data = exchange.data();
    let data = data.to_str().unwrap();
    let second = run(Path::new("/"), &["--listen", "127.0.0.1:0", "--data", data], &[]);
    assert!(!second.status.success());
    let message = String::from_utf8(second.stderr).unwrap();
    assert!(message.contains("another ticketing process uses"), "{message}");
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let exchange = one_process(&[]);
    let address = exchange.url().strip_prefix("http://").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let second = run(folder.path(), &["--listen", address], &[]);
    assert!(!second.status.success());
    let message = String::from_utf8(second.stderr).unwrap();
    assert!(message.contains("--listen (LISTEN): can't listen on"), "{message}");
}

/// A flag wins over the environment, the environment over `.env`, that over the default. The
/// value that is wrong is the one that is complained about.
#[test]
fn settings_come_from_flags_then_environment_then_env_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| {
        let mut file = std::fs::File::create(folder.path().join(".env")).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    let complaint = |arguments: &[&str], environment: &[(&str, &str)]| {
        let output = run(folder.path(), arguments, environment);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    write("CURRENCY=FROM_FILE\n");
    assert!(complaint(&[], &[]).contains("'FROM_FILE'"));
    let environment = [("CURRENCY", "FROM_ENVIRONMENT")];
    assert!(complaint(&[], &environment).contains("'FROM_ENVIRONMENT'"));
    assert!(complaint(&["--currency", "FROM_FLAG"], &environment).contains("'FROM_FLAG'"));
    write("CURRENCY=EUR\nSECRET this is not a setting\n");
    let message = complaint(&[], &[]);
    assert!(message.contains(".env line 2: is not KEY=value"), "{message}");
    assert!(!message.contains("SECRET"), "{message}");
}

/// What was asked before the order to stop is answered, and then the program ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_what_is_in_flight() {
    let mut exchange = one_process(&[]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Last song", 10.0).await;
    let order = buyer.place_order(&ticket).await;
    // its answer is lost once, so this request waits for the reconciler while we stop
    let paying = tokio::spawn(async move { buyer.pay(&order, "tok_sandboxTimeoutAfter").await });
    let databases = exchange.databases();
    let started = "select count(*) from payments";
    assert!(exchange.reaches(|| databases.number("payments", started) == 1).await);
    assert!(exchange.stop(), "it ends well");
    let payment = paying.await.unwrap().expect(201);
    assert_eq!(payment["amount"], 10);
    exchange.restart();
    exchange.drain().await;
    let captured = "select count(*) from payments where status = 'captured'";
    assert_eq!(exchange.databases().number("payments", captured), 1);
}

/// A log that nobody reads any more (`ticketing 2>&1 | head`) stops nothing.
#[tokio::test]
async fn a_closed_log_is_no_reason_to_fail() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Command::new(env!("CARGO_BIN_EXE_ticketing"))
        .args(["--listen", "127.0.0.1:0", "--password-hash-memory-kib", "8"])
        .current_dir(folder.path())
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(process.stderr.take());
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let address = lines.find_map(|line| line.trim().strip_prefix("Address").map(str::to_owned));
    let url = address.unwrap().trim().to_owned();
    let (seller, buyer) = (
        Person::at_url(&url, "s@example.test").await,
        Person::at_url(&url, "b@example.test").await,
    );
    let ticket = seller.list_ticket("Unheard", 10.0).await;
    let order = buyer.place_order(&ticket).await;
    buyer.pay(&order, "tok_visa").await.expect(201);
    let health = seller.get("/api/health").await.expect(200);
    assert_eq!(health["details"]["orders"]["status"], "up");
    let pid = process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(process.wait().unwrap().success(), "it ends well");
}

/// Nobody but its owner reads what we made; what was there before stays as it was.
#[cfg(unix)]
#[tokio::test]
async fn the_data_is_private_and_other_folders_are_left_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let mut exchange = one_process(&[]);
    assert_eq!(mode(&exchange.data()), 0o700);
    for file in std::fs::read_dir(exchange.data()).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
    }
    assert!(exchange.stop());
    let shared = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(exchange.data(), shared).unwrap();
    exchange.restart();
    assert_eq!(mode(&exchange.data()), 0o755);
}
