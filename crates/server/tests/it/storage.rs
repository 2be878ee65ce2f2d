//! Disks that are full, files that can't grow, folders that can't be written: writes get a clear
//! 503, reads go on, nothing is lost, and all goes on by itself when the trouble is over.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use testkit::{Launch, Person, TestPlatform};

use crate::mishaps::check_money;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ticketing");

/// Reservations end soon, so that some do while nothing can be written.
const SETTINGS: &[(&str, &str)] = &[("EXPIRATION_WINDOW_SECONDS", "3")];

/// How many writers there are, how often each is to be refused, and how often it tries at most:
/// what is allocated already can still be written to, so some writes succeed for a while.
const WRITERS: usize = 8;
const REFUSED_MIN: usize = 10;
const TRIES_MAX: usize = 5000;

/// How long an outage lasts at least: timers come due, relays and sweeps try again and again.
const OUTAGE: Duration = Duration::from_secs(4);

/// How soon all is well after it: the longest pause between two tries is 5 s.
const RECOVERY: Duration = Duration::from_secs(15);

/// Lines in the log about one outage: each database and each worker says it, once a minute.
const LOG_LINES_MAX: usize = 60;

/// A small disk of its own, unmounted in the end.
struct Disk(tempfile::TempDir);

impl Disk {
    /// A file system in memory of 8 MiB; none where mounting is not permitted.
    fn small() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "ticketing-test"])
            .arg(folder.path())
            .output();
        mount.is_ok_and(|mount| mount.status.success()).then_some(Self(folder))
    }

    fn fill(&self) {
        let mut file = std::fs::File::create(self.filler()).unwrap();
        for size in [64 * 1024, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        let error = file.write_all(&[0; 1]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    }

    fn empty(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> std::path::PathBuf {
        self.0.path().join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

/// From now on no file of the process grows beyond `limit`, and no byte beyond it is written: the
/// system refuses each write, as it does for a quota or a file system that became read-only.
fn limit_files(exchange: &TestPlatform, limit: &str) {
    let limit = format!("--fsize={limit}:unlimited");
    let pid = exchange.pid().to_string();
    let run = Command::new("prlimit").args(["--pid", &pid, &limit]).status();
    assert!(run.unwrap().success());
}

/// What came of a write.
struct Tried {
    title: String,
    status: u16,
}

/// Lists tickets until the exchange has refused often enough; every refusal is a clear one.
async fn write_until_refused(exchange: &TestPlatform, seller: &Person, name: &str) -> Vec<Tried> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let (mut tried, mut refused) = (Vec::new(), 0);
    while refused < REFUSED_MIN && tried.len() < TRIES_MAX {
        let title = format!("{name} {}", tried.len());
        let request = client
            .post(format!("{}/api/tickets", exchange.url()))
            .bearer_auth(&seller.token)
            .header("content-type", "application/json")
            .body(json!({"title": title, "price": 1}).to_string());
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        assert!([201, 503].contains(&status), "{status}");
        if status == 503 {
            refused += 1;
            assert!(answer.headers().contains_key("retry-after"));
            let problem = answer.text().await.unwrap();
            let is_clear = ["/errors/storage-full", "/errors/unavailable"];
            assert!(is_clear.iter().any(|code| problem.contains(code)), "{problem}");
        }
        tried.push(Tried { title, status });
    }
    assert_eq!(refused, REFUSED_MIN, "of {} writes", tried.len());
    tried
}

/// Reads everything that can be read, until `over`; how often.
async fn read_until(person: &Person, ticket: &str, order: &str, over: Instant) -> usize {
    let mut count = 0;
    while Instant::now() < over || count == 0 {
        for path in [
            "/api/tickets".to_owned(),
            format!("/api/tickets/{ticket}"),
            "/api/orders".to_owned(),
            format!("/api/orders/{order}"),
            "/api/users/current-user".to_owned(),
        ] {
            person.get(&path).await.expect(200);
            count += 1;
        }
    }
    count
}

/// Which titles there are.
fn titles(exchange: &TestPlatform) -> BTreeSet<String> {
    exchange.databases().rows("tickets", "select title from tickets").concat().into_iter().collect()
}

/// The exchange through an outage, from the first to the last moment of it.
async fn live_through(
    exchange: &mut TestPlatform,
    begin: impl Fn(&TestPlatform),
    end: impl Fn(&TestPlatform),
) {
    let sellers = join_all((0..WRITERS).map(|_| exchange.person())).await;
    let buyer = exchange.person().await;
    let mut tickets = Vec::new();
    for _ in 0..4 {
        tickets.push(sellers[0].list_ticket("Before the outage", 10.0).await);
    }
    let paid = buyer.place_order(&tickets[0]).await;
    buyer.pay(&paid, "tok_visa").await.expect(201);
    exchange.drain().await;
    // these end while nothing can be written: one by its time, one by its buyer's card
    let forgotten = buyer.place_order(&tickets[1]).await;
    let hurried = buyer.place_order(&tickets[2]).await;

    begin(exchange);
    let (lines, over) = (exchange.log().lines().count(), Instant::now() + OUTAGE);
    let names: Vec<_> = (0..WRITERS).map(|number| format!("Seller {number}")).collect();
    let writing = join_all(
        sellers
            .iter()
            .zip(&names)
            .map(|(seller, name)| write_until_refused(exchange, seller, name)),
    );
    let (tried, payment, reads) = tokio::join!(
        writing,
        buyer.pay(&hurried, "tok_visa"),
        read_until(&buyer, &tickets[0], &paid, over),
    );
    assert!([201, 400, 503].contains(&payment.status.as_u16()), "{:#}", payment.body);
    println!("{reads} reads during the outage");
    let said = exchange.log().lines().count() - lines;
    assert!(said <= LOG_LINES_MAX, "{said} lines about one outage:\n{}", exchange.log());
    end(exchange);

    let recovered = Instant::now() + RECOVERY;
    let body = json!({"title": "After the outage", "price": 1});
    while sellers[0].post("/api/tickets", body.clone()).await.status.as_u16() != 201 {
        assert!(Instant::now() < recovered, "it goes on by itself\n{}", exchange.log());
    }
    exchange.drain().await;
    let orders = exchange.databases();
    let open = "select count(*) from orders where status = 'created'";
    assert!(exchange.reaches(|| orders.number("orders", open) == 0).await);
    exchange.drain().await;
    assert_eq!(buyer.order_now(&forgotten).await["status"], "cancelled");
    check_money(&exchange.databases());
    check_titles(exchange, tried.iter().flatten());
    // and all of it is on the disk
    exchange.kill();
    exchange.restart();
    check_titles(exchange, tried.iter().flatten());
    exchange.drain().await;
    check_money(&exchange.databases());
}

/// What was answered with 201 is there, what was refused is not.
fn check_titles<'a>(exchange: &TestPlatform, tried: impl Iterator<Item = &'a Tried>) {
    let titles = titles(exchange);
    for Tried { title, status } in tried {
        assert_eq!(titles.contains(title), *status == 201, "{title}: {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_writes_and_loses_nothing() {
    let Some(disk) = Disk::small() else {
        // no right to mount anything here: the system refuses to let any file grow instead, which
        // is as real to the program, and has another error number
        println!("mounting is not permitted: file sizes are limited instead");
        let mut exchange = TestPlatform::start(PROGRAM, SETTINGS);
        let (begin, end) = (
            |it: &TestPlatform| limit_files(it, "0"),
            |it: &TestPlatform| {
                limit_files(it, "unlimited");
            },
        );
        return live_through(&mut exchange, begin, end).await;
    };
    let launch = Launch { data: Some(disk.0.path().join("data")), ..Launch::default() };
    let mut exchange = TestPlatform::launch(PROGRAM, SETTINGS, launch);
    live_through(&mut exchange, |_| disk.fill(), |_| disk.empty()).await;
    drop(exchange);
}

/// Every write to every file fails, as when the system has made a file system read-only.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_can_not_be_written_refuse_writes_and_lose_nothing() {
    let mut exchange = TestPlatform::start(PROGRAM, SETTINGS);
    let (begin, end) = (
        |it: &TestPlatform| limit_files(it, "0"),
        |it: &TestPlatform| limit_files(it, "unlimited"),
    );
    live_through(&mut exchange, begin, end).await;
}

/// Makes the folder and its files read-only, or writable again.
fn set_writable(folder: &Path, writable: bool) {
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    for file in std::fs::read_dir(folder).unwrap() {
        set(&file.unwrap().path(), if writable { 0o600 } else { 0o400 });
    }
    set(folder, if writable { 0o700 } else { 0o500 });
}

/// What runs a program so that a file's permissions bind it, though it is root's: nothing, for
/// everybody else.
fn bound_by_permissions() -> Vec<String> {
    let id = Command::new("id").arg("-u").output().unwrap().stdout;
    if id != b"0\n" {
        return Vec::new();
    }
    let rights = "-dac_override,-dac_read_search";
    ["setpriv", "--bounding-set", rights, "--inh-caps", rights].map(str::to_owned).to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_folder_serves_readers_and_is_named_at_the_start() {
    let by = bound_by_permissions();
    let launch = Launch { by: by.clone(), data: None };
    let mut exchange = TestPlatform::launch(PROGRAM, &[], launch);
    let seller = exchange.person().await;
    let ticket = seller.list_ticket("Before", 10.0).await;
    exchange.drain().await;
    set_writable(&exchange.data(), false);

    // what is open stays open: a write succeeds or is refused, and what is answered is true
    let path = format!("/api/tickets/{ticket}");
    let reads = (0..64).map(|_| seller.get(&path));
    let writes = (0..16).map(|number| {
        let (seller, title) = (&seller, format!("Meanwhile {number}"));
        async move {
            let answer = seller.post("/api/tickets", json!({"title": title, "price": 1})).await;
            Tried { title, status: answer.status.as_u16() }
        }
    });
    let (reads, tried) = tokio::join!(join_all(reads), join_all(writes));
    assert!(reads.iter().all(|answer| answer.status.as_u16() == 200));
    assert!(tried.iter().all(|tried| [201, 503].contains(&tried.status)));

    exchange.kill();
    let mut words = by.iter().map(String::as_str).chain([PROGRAM]);
    let start = Command::new(words.next().unwrap())
        .args(words)
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(exchange.data())
        .env_clear()
        .output()
        .unwrap();
    let message = String::from_utf8(start.stderr).unwrap();
    assert!(!start.status.success(), "{message}");
    assert!(message.contains("--data (DATA): can't write to"), "{message}");

    set_writable(&exchange.data(), true);
    exchange.restart();
    check_titles(&exchange, tried.iter());
    seller.at(exchange.url()).get(&path).await.expect(200);
}
