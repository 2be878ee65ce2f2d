//! `ticketing dead-letters`, beside a running exchange and a stopped one.

use std::path::Path;

use rusqlite::{Connection, params};
use serde_json::Value;
use testkit::TestPlatform;

use crate::one_process;
use crate::program::run;

/// An event that orders can handle: a ticket it has not heard of.
const EVENT: &str = include_str!("../../../events/golden/ticket_created.json");
const ID: &str = "0190163d-8694-739b-aea5-966c26f8ad9f";

/// What came as an event and is none; with something that moves a terminal's cursor.
const NO_EVENT: &str = "{\"id\":\u{1b}[2J";
const OTHER_ID: &str = "0190163d-8694-739b-aea5-966c26f8adff";

/// Puts a dead letter where the program would.
fn park(data: &Path, context: &str, id: &str, envelope: &str) {
    let connection = Connection::open(data.join(format!("{context}.db"))).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    let id = u128::from_str_radix(&id.replace('-', ""), 16).unwrap().to_be_bytes();
    let row = params![id, envelope, "a test's\nreason", 1_795_377_600_000_000_i64];
    let insert = "insert into dead_letters (event_id, envelope, reason, parked_at)
         values (?1, ?2, ?3, ?4)";
    assert_eq!(connection.execute(insert, row).unwrap(), 1);
}

/// Whether the command was done, and what it said.
fn dead_letters(data: &Path, arguments: &[&str]) -> (bool, String) {
    let arguments = [&["dead-letters", "--data", data.to_str().unwrap()], arguments].concat();
    let output = run(Path::new("/"), &arguments, &[]);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.success(), said)
}

fn done(data: &Path, arguments: &[&str]) -> String {
    let (done, said) = dead_letters(data, arguments);
    assert!(done, "{said}");
    said
}

fn heard_by_orders(exchange: &TestPlatform) -> i64 {
    exchange.databases().number("orders", "select count(*) from inbox")
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_listed_shown_replayed_and_dropped() {
    let exchange = one_process(&[]);
    let data = exchange.data();
    assert_eq!(done(&data, &["list"]), "There are no dead letters.\n");
    assert_eq!(done(&data, &["replay", "--all"]), "There are no dead letters.\n");
    park(&data, "orders", ID, EVENT);
    park(&data, "tickets", OTHER_ID, NO_EVENT);

    let listed = done(&data, &["list"]);
    assert!(listed.contains(ID) && listed.contains("ticket:created"), "{listed}");
    assert!(listed.contains(OTHER_ID) && listed.contains("no event"), "{listed}");
    assert_eq!(listed.lines().count(), 3, "a line for each, whatever is in it: {listed}");
    let listed = done(&data, &["list", "--service", "orders", "--json"]);
    let letter: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!((&letter["service"], &letter["id"]), (&"orders".into(), &ID.into()));
    assert_eq!(letter["reason"], "a test's\nreason");

    let shown = done(&data, &["show", ID]);
    assert!(shown.contains("\"subject\": ") && shown.contains("a test's"), "{shown}");
    let shown = done(&data, &["show", OTHER_ID]);
    assert!(!shown.contains('\u{1b}'), "nothing of it reaches the terminal: {shown:?}");
    let shown: Value = serde_json::from_str(&done(&data, &["show", OTHER_ID, "--json"])).unwrap();
    assert_eq!(shown["envelope"], NO_EVENT);

    assert_eq!(done(&data, &["replay", ID]), format!("orders {ID} handled\n"));
    assert_eq!(heard_by_orders(&exchange), 1);
    let replayed = done(&data, &["replay", "--all"]);
    assert!(replayed.starts_with(&format!("tickets {OTHER_ID} failed: this is no")), "{replayed}");
    let (was_done, said) = dead_letters(&data, &["replay", ID]);
    assert!(!was_done && said.contains("there is no dead letter"), "{said}");
    let (was_done, said) = dead_letters(&data, &["drop", OTHER_ID, "--service", "orders"]);
    assert!(!was_done && said.contains("there is no dead letter"), "{said}");
    assert_eq!(done(&data, &["drop", OTHER_ID]), "Dropped 1.\n");
    assert_eq!(done(&data, &["list"]), "There are no dead letters.\n");
    let (was_done, said) = dead_letters(&data, &["show", "an id"]);
    assert!(!was_done && said.contains("must be a UUID"), "{said}");
    exchange.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_exchange_replays_when_it_starts() {
    let mut exchange = one_process(&[]);
    let data = exchange.data();
    assert!(exchange.stop());
    park(&data, "orders", ID, EVENT);
    let replayed = done(&data, &["replay", ID]);
    assert!(replayed.contains("waits until"), "{replayed}");
    assert!(done(&data, &["list"]).contains("to be replayed"));
    exchange.restart();
    let handled = || exchange.databases().dead_letters().is_empty();
    assert!(exchange.reaches(handled).await);
    assert_eq!(heard_by_orders(&exchange), 1);
}
