//! The operator's commands that change data: demo data, and administrators.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use testkit::{Databases, Person, TestPlatform};

use crate::crash::{check_copies, check_timers};
use crate::mishaps::check_money;
use crate::one_process;
use crate::program::run;

/// Cheap hashes, as the tests' exchange has.
const CHEAP: [(&str, &str); 2] =
    [("PASSWORD_HASH_MEMORY_KIB", "8"), ("PASSWORD_HASH_ITERATIONS", "1")];

fn demo(data: &Path, arguments: &[&str]) -> Result<String, String> {
    let arguments = [&["demo", "--data", data.to_str().unwrap()], arguments].concat();
    let output = run(Path::new("/"), &arguments, &CHEAP);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// What stands behind `label`.
fn told<'a>(said: &'a str, label: &str) -> &'a str {
    said.lines().find_map(|line| line.trim().strip_prefix(label)).unwrap().trim()
}

async fn signed_in(exchange: &TestPlatform, email: &str, password: &str) -> Person {
    let answer = exchange.anonymous().sign_in(email, password).await.expect(200);
    exchange.anonymous().with_token(answer["session_token"].as_str().unwrap())
}

/// Everything fits together as if people had done it, in a second run as in the first; and the
/// exchange goes on from there.
#[tokio::test(flavor = "multi_thread")]
async fn a_demo_fills_an_exchange_that_fits_together() {
    let mut exchange = one_process(&[]);
    assert!(exchange.stop());
    let few = ["--tickets", "2500", "--users", "60", "--orders", "120", "--seed", "7"];
    demo(&exchange.data(), &few).unwrap();
    let said = demo(&exchange.data(), &few).unwrap();
    let databases = exchange.databases();
    assert!(databases.is_at_rest() || databases.is_at_rest(), "{}", databases.rest());
    assert_eq!(databases.dead_letters(), Vec::<String>::new());
    check_copies(&databases, 0);
    check_timers(&databases, 0);
    check_money(&databases);
    let count = |context: &str, what: &str| {
        databases.number(context, &format!("select count(*) from {what}"))
    };
    assert_eq!(count("tickets", "tickets"), 5000);
    assert_eq!(count("auth", "users"), 120);
    assert_eq!(count("orders", "orders"), 240);
    for status in ["created", "awaiting:payment", "complete", "cancelled"] {
        assert!(count("orders", &format!("orders where status = '{status}'")) > 0, "{status}");
    }
    drop(databases);

    exchange.restart();
    let password = told(&said, "Password");
    let seller = signed_in(&exchange, told(&said, "Seller"), password).await;
    let buyer = signed_in(&exchange, told(&said, "Buyer"), password).await;
    let found = buyer.get("/api/tickets?limit=100").await.expect(200);
    let tickets = found["results"].as_array().unwrap();
    assert_eq!(tickets.len(), 100);
    let word = tickets[0]["title"].as_str().unwrap().split(' ').next().unwrap();
    let by_name = buyer.get(&format!("/api/tickets?q={word}")).await.expect(200);
    assert!(!by_name["results"].as_array().unwrap().is_empty(), "{word} isn't found");
    let me = buyer.get("/api/users/current-user").await.expect(200);
    let is_free =
        |ticket: &&serde_json::Value| ticket["orderId"].is_null() && ticket["userId"] != me["id"];
    let ticket = tickets.iter().find(is_free).unwrap()["id"].as_str().unwrap();
    let order = buyer.place_order(ticket).await;
    buyer.pay(&order, "tok_visa").await.expect(201);
    assert_eq!(buyer.order_now(&order).await["status"], "complete");
    let sales = seller.get("/api/orders?as=seller").await.expect(200);
    let own = seller.list_ticket("My own", 10.0).await;
    seller.patch(&format!("/api/tickets/{own}"), json!({"price": 11})).await.expect(200);
    assert!(sales.is_array() || sales.is_object());
    exchange.drain().await;
}

/// A demo is killed, as by `kill -9`, when it has said `sign`, and before it has made the indexes.
fn interrupt_at(sign: &str, data: &Path) {
    let interrupted = (0..5).any(|_try| {
        killed_at(sign, data);
        // on a busy machine the signal may come too late; then another demo has its turn
        Databases::open(data).number("tickets", INDEXES) < 11
    });
    assert!(interrupted, "{sign}: always too late");
}

fn killed_at(sign: &str, data: &Path) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_ticketing"))
        .args(["demo", "--tickets", "60000", "--users", "30", "--data"])
        .arg(data)
        .env_clear()
        .envs(CHEAP)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains(sign)));
    process.kill().unwrap();
    process.wait().unwrap();
}

/// `kill -9` in the middle of the tickets, and in the middle of their indexes: every ticket that is
/// there can be found by everything it is found by, and is bought.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_demo_is_a_smaller_one() {
    for sign in ["of 60000 tickets", "index entries"] {
        let mut exchange = one_process(&[]);
        assert!(exchange.stop());
        interrupt_at(sign, &exchange.data());

        exchange.restart();
        let made = exchange.log().contains("A demo was interrupted; makes the tickets' indexes");
        assert!(made, "{sign}: {}", exchange.log());
        let databases = exchange.databases();
        let ids = |context: &str, sql: &str| -> BTreeSet<String> {
            databases.rows(context, sql).concat().into_iter().collect()
        };
        let tickets = ids("tickets", "select id from tickets");
        assert!(tickets.len() >= 1000, "{sign}: {}", tickets.len());
        let listed = ids("orders", "select ticket_id from listings");
        assert!(tickets.is_subset(&listed));
        assert_eq!(databases.number("tickets", INDEXES), 11);
        assert_eq!(databases.rows("tickets", "pragma integrity_check"), [["ok"]]);
        drop(databases);
        is_found_by_name(&exchange).await;
        let buyer = exchange.person().await;
        let order = buyer.place_order(tickets.last().unwrap()).await;
        buyer.pay(&order, "tok_visa").await.expect(201);
        exchange.drain().await;

        assert!(exchange.stop());
        let last_words = exchange.log().len();
        exchange.restart();
        assert!(!exchange.log()[last_words..].contains("interrupted"), "it is mended for good");
    }
}

/// What hangs on the table of tickets.
const INDEXES: &str = "select count(*) from sqlite_schema
     where tbl_name = 'tickets' and type in ('index', 'trigger') and sql is not null";

/// As many are found by a word as have it, the newest first.
async fn is_found_by_name(exchange: &TestPlatform) {
    for word in ["berlin", "oslo", "ghosts"] {
        let sql = format!(
            "select id from tickets where search like '% {word}%' order by id desc limit 50"
        );
        let wanted = exchange.databases().rows("tickets", &sql).concat();
        assert!(!wanted.is_empty(), "{word}");
        let path = format!("/api/tickets?limit=50&q={word}");
        let found = exchange.anonymous().get(&path).await.expect(200);
        let tickets = found["results"].as_array().unwrap();
        let found: Vec<_> = tickets.iter().map(|ticket| ticket["id"].as_str().unwrap()).collect();
        assert_eq!(found, wanted, "{word}");
    }
}

/// A backup of half of a demo is a backup; and another demo mends what the first has left.
#[test]
fn half_a_demo_is_backed_up_and_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data, copy, restored) = (path("data"), path("copy"), path("restored"));
    interrupt_at("index entries", Path::new(&data));
    for arguments in [["backup", &copy, "--data", &data], ["restore", &copy, "--data", &restored]] {
        let output = run(Path::new("/"), &arguments, &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let number = |sql| Databases::open(Path::new(&restored)).number("tickets", sql);
    let all = "select count(*) from tickets";
    let before = number(all);
    assert!(before >= 60_000 && number(INDEXES) < 11);
    demo(Path::new(&restored), &["--tickets", "1", "--orders", "0"]).unwrap();
    assert_eq!((number(INDEXES), number(all)), (11, before + 1));
    let named = "select count(*) from tickets_fts where tickets_fts match '2*'";
    assert_eq!(number(named), before + 1, "every title has a year");
}

#[test]
fn the_same_seed_gives_the_same_shows() {
    let folder = tempfile::tempdir().unwrap();
    let shows = |name: &str, seed: &str| {
        let data = folder.path().join(name);
        demo(&data, &["--tickets", "300", "--users", "9", "--orders", "0", "--seed", seed])
            .unwrap();
        let databases = Databases::open(&data);
        let tickets = "select title, description, price from tickets order by id";
        let users = "select email from users order by id";
        (databases.rows("tickets", tickets), databases.rows("auth", users))
    };
    let first = shows("first", "5");
    assert_eq!(first, shows("again", "5"));
    assert_ne!(first, shows("other", "6"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_exchange_is_not_filled_behind_its_back() {
    let exchange = one_process(&[]);
    let complaint = demo(&exchange.data(), &["--tickets", "1"]).unwrap_err();
    assert!(complaint.contains("another ticketing process uses"), "{complaint}");
    let tickets = exchange.databases().number("tickets", "select count(*) from tickets");
    assert_eq!(tickets, 0);
}

/// The exchange keeps running; it is one row, and it is there at once.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_becomes_an_administrator_while_the_exchange_runs() {
    let mut exchange = one_process(&[]);
    let person = exchange.person().await;
    let data = exchange.data();
    let grant = |data: &Path, email: &str| {
        let arguments = ["user", "grant-admin", email, "--data", data.to_str().unwrap()];
        let output = run(Path::new("/"), &arguments, &[]);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.success(), said)
    };
    let members = || {
        let sql =
            "select subject from tuples where object = 'Group:admin' and relation = 'members'";
        Databases::open(&data).rows("auth", sql).concat()
    };
    let (done, said) = grant(&data, "nobody@example.test");
    assert!(!done && said.contains("nobody has signed up"), "{said}");
    let (done, said) = grant(&data, "not an address");
    assert!(!done && said.contains("no e-mail address"), "{said}");
    let (done, said) = grant(&data.join("elsewhere"), &person.email);
    assert!(!done && said.contains("there is no data"), "{said}");
    assert_eq!(members(), Vec::<String>::new());

    let shouted = person.email.to_uppercase();
    for wanted in ["an administrator from now on", "an administrator already"] {
        let (done, said) = grant(&data, &shouted);
        assert!(done && said.contains(wanted), "{said}");
        assert_eq!(members(), [format!("User:{}", person.id)]);
    }
    person.list_ticket("Still running", 10.0).await;

    let other = exchange.person().await;
    assert!(exchange.stop());
    assert!(grant(&data, &other.email).0, "a stopped exchange has users, too");
    assert_eq!(members().len(), 2);
}
