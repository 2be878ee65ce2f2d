//! What is true of databases in files: they are opened by several, and closed in good order.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

use std::sync::{Arc, Barrier};

use kernel::{OrderId, TicketId};
use store::{Location, Migration, Statement, Store, StoreError, params};

const SCHEMA: &[Migration] = &[Migration::new(
    "test/0001",
    "create table orders (id uuid primary key, ticket_id uuid not null)",
)];

fn place(order: OrderId, ticket: TicketId) -> Statement {
    let insert = "insert into orders (id, ticket_id) values (?1, ?2)";
    Statement::one_row(insert, params![order, ticket])
}

async fn count(store: &Store) -> i64 {
    store.query("select count(*) from orders", []).await.unwrap()[0].get(0).unwrap()
}

#[tokio::test]
async fn what_was_applied_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    for opened in 1..=3 {
        let store = Store::open(Location::File(&path), SCHEMA).unwrap();
        store.apply(vec![place(OrderId::generate(), TicketId::generate())]).await.unwrap();
        assert_eq!(count(&store).await, opened);
    }
}

#[test]
fn two_openers_of_an_empty_database_migrate_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let openers: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || Store::open(Location::File(&path), SCHEMA).map(drop))
        })
        .collect();
    for opener in openers {
        opener.join().unwrap().unwrap();
    }
}

/// They switch it to the write-ahead log, migrate it, and let go of it, all at the same time.
#[test]
fn many_openers_of_an_empty_database_get_in_each_others_way_and_get_in() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..60 {
        let path = folder.path().join(format!("{round}.db"));
        let start = Arc::new(Barrier::new(16));
        let opener = |_| {
            let (path, start) = (path.clone(), Arc::clone(&start));
            std::thread::spawn(move || {
                start.wait();
                Store::open(Location::File(&path), SCHEMA).map(drop)
            })
        };
        for opener in (0..16).map(opener).collect::<Vec<_>>() {
            opener.join().unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn a_closed_store_has_all_its_data_in_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let store = Store::open(Location::File(&path), SCHEMA).unwrap();
    store.apply(vec![place(OrderId::generate(), TicketId::generate())]).await.unwrap();
    store.close().await;
    assert!(!store.condition().is_open);
    let late = store.apply(vec![place(OrderId::generate(), TicketId::generate())]).await;
    assert!(matches!(late, Err(StoreError::Unavailable { .. })));

    let copy = folder.path().join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    let copy = Store::open(Location::File(&copy), SCHEMA).unwrap();
    assert_eq!(count(&copy).await, 1);
}

/// Whoever opens it beside another process leaves the schema as it is, or doesn't open it.
#[tokio::test]
async fn a_store_opened_beside_another_changes_no_schema() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let first = Store::open(Location::File(&path), SCHEMA).unwrap();
    let beside = Store::open_beside(&path, SCHEMA).unwrap();
    beside.apply(vec![place(OrderId::generate(), TicketId::generate())]).await.unwrap();
    first.apply(vec![place(OrderId::generate(), TicketId::generate())]).await.unwrap();
    assert_eq!((count(&first).await, count(&beside).await), (2, 2));
    let newer = Migration::new("test/0002", "create table more (id uuid)");
    let refused = Store::open_beside(&path, &[SCHEMA[0], newer]).map(drop).unwrap_err();
    assert!(refused.to_string().contains("test/0002: it isn't applied yet"), "{refused}");
    assert!(first.query("select * from more", []).await.is_err());
}

/// To empty the write-ahead log, one must keep others from writing; that is for its owner.
#[tokio::test]
async fn a_store_opened_beside_another_leaves_it_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let log = || std::fs::metadata(path.with_extension("db-wal")).unwrap().len();
    let first = Store::open(Location::File(&path), SCHEMA).unwrap();
    let beside = Store::open_beside(&path, SCHEMA).unwrap();
    beside.apply(vec![place(OrderId::generate(), TicketId::generate())]).await.unwrap();
    let before = log();
    beside.close().await;
    assert!(!beside.condition().is_open);
    assert!(before > 0 && log() == before, "{before}, {}", log());
    assert_eq!(count(&first).await, 1);
    // the reader above still has the file open, so that the log is emptied and not removed
    first.close().await;
    assert_eq!(log(), 0);
}
