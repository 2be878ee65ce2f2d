//! The store's promises, on the real engine: all or nothing, neighbours unharmed, names of
//! constraints, and one moment for every reader.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

use std::sync::{Arc, Barrier};

use kernel::{OrderId, TicketId};
use store::{Location, Migration, Statement, Store, StoreError, params};

const SCHEMA: &[Migration] = &[Migration::new("test/0001", "create table orders (id uuid primary key, ticket_id uuid not null,
              status text not null, version bigint not null,
              constraint orders_version_positive check (version >= 0));
          create unique index orders_one_active_per_ticket on orders (ticket_id)
              where status <> 'cancelled';")];

const INSERT: &str = "insert into orders (id, ticket_id, status, version) values (?1, ?2, ?3, ?4)";
const CANCEL: &str = "update orders set status = 'cancelled', version = version + 1
     where id = ?1 and version = ?2";

fn place(order: OrderId, ticket: TicketId) -> Statement {
    Statement::one_row(INSERT, params![order, ticket, "created", 0_i64])
}

async fn count(store: &Store) -> i64 {
    store.query("select count(*) from orders", []).await.unwrap()[0].get(0).unwrap()
}

fn stores() -> (tempfile::TempDir, Vec<Store>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let file = Store::open(Location::File(&path), SCHEMA).unwrap();
    let memory = Store::open(Location::Memory, SCHEMA).unwrap();
    (folder, vec![file, memory])
}

#[tokio::test]
async fn a_batch_is_all_or_nothing() {
    let (_folder, stores) = stores();
    for store in stores {
        let (order, ticket) = (OrderId::generate(), TicketId::generate());
        let stale = Statement::one_row(CANCEL, params![order, 7_i64]);
        let error = store.apply(vec![place(order, ticket), stale]).await.unwrap_err();
        assert!(error.is_conflict(), "{error}");
        assert_eq!(count(&store).await, 0);

        store.apply(vec![place(order, ticket)]).await.unwrap();
        let rows = store
            .query("select id, ticket_id from orders where id = ?1", params![order])
            .await
            .unwrap();
        assert_eq!(rows[0].get::<OrderId>(0).unwrap(), order);
        assert_eq!(rows[0].get::<TicketId>(1).unwrap(), ticket);
        assert!(rows[0].get::<i64>(1).is_err(), "a column is read as what it is");
        assert!(rows[0].get::<i64>(2).is_err(), "a column that isn't there is an error");
    }
}

#[tokio::test]
async fn constraints_come_back_by_name() {
    let (_folder, stores) = stores();
    for store in stores {
        let ticket = TicketId::generate();
        store.apply(vec![place(OrderId::generate(), ticket)]).await.unwrap();
        let error = store.apply(vec![place(OrderId::generate(), ticket)]).await.unwrap_err();
        assert!(error.is_constraint("orders_one_active_per_ticket"), "{error}");

        let values = params![OrderId::generate(), ticket, "cancelled", -1_i64];
        let error = store.apply(vec![Statement::new(INSERT, values)]).await.unwrap_err();
        assert!(error.is_constraint("orders_version_positive"), "{error}");
    }
}

#[tokio::test]
async fn a_fault_names_itself_and_harms_nobody() {
    let (_folder, stores) = stores();
    for store in stores {
        let wrong = Statement::new("update nowhere set x = 1", []);
        let (bad, good) = tokio::join!(
            store.apply(vec![wrong]),
            store.apply(vec![place(OrderId::generate(), TicketId::generate())]),
        );
        assert!(matches!(bad, Err(StoreError::Failed { reason }) if reason.contains("nowhere")));
        good.unwrap();
        assert_eq!(count(&store).await, 1);
    }
}

/// 256 writers race for 16 tickets: whatever the grouping, each ticket goes to exactly one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_batches_are_judged_one_by_one() {
    let (_folder, stores) = stores();
    for store in stores {
        let tickets: Arc<Vec<_>> = Arc::new((0..16).map(|_| TicketId::generate()).collect());
        let racers: Vec<_> = (0..256)
            .map(|n| {
                let (store, tickets) = (store.clone(), Arc::clone(&tickets));
                tokio::spawn(async move {
                    store.apply(vec![place(OrderId::generate(), tickets[n % 16])]).await
                })
            })
            .collect();
        let mut won = 0;
        for racer in racers {
            match racer.await.unwrap() {
                Ok(()) => won += 1,
                Err(error) => assert!(error.is_constraint("orders_one_active_per_ticket")),
            }
        }
        assert_eq!(won, 16);
        assert_eq!(count(&store).await, 16);
    }
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
