//! The store's promises, on both engines: all or nothing, neighbours unharmed, names of
//! constraints, and one moment for every reader.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

use std::sync::Arc;

use kernel::{OrderId, TicketId};
use store::{Engine, Location, Migration, Statement, Store, StoreError, Value, params};
use testkit::TestStore;

const SCHEMA: &[Migration] = &[Migration::new(
    "test/0001",
    "create table orders (id uuid primary key, ticket_id uuid not null,
              status text not null, version bigint not null,
              constraint orders_version_positive check (version >= 0));
          create unique index orders_one_active_per_ticket on orders (ticket_id)
              where status <> 'cancelled';",
)];

const INSERT: &str = "insert into orders (id, ticket_id, status, version) values (?1, ?2, ?3, ?4)";
const CANCEL: &str = "update orders set status = 'cancelled', version = version + 1
     where id = ?1 and version = ?2";

fn place(order: OrderId, ticket: TicketId) -> Statement {
    Statement::one_row(INSERT, params![order, ticket, "created", 0_i64])
}

async fn count(store: &Store) -> i64 {
    store.query("select count(*) from orders", []).await.unwrap()[0].get(0).unwrap()
}

/// A file, a database in memory, and one on a server.
async fn stores() -> ((tempfile::TempDir, TestStore), Vec<Store>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let file = Store::open(Location::File(&path), SCHEMA).unwrap();
    let memory = Store::open(Location::Memory, SCHEMA).unwrap();
    let postgres = TestStore::on(Engine::Postgres, SCHEMA).await;
    let stores = vec![file, memory, postgres.store.clone()];
    ((folder, postgres), stores)
}

#[tokio::test]
async fn a_batch_is_all_or_nothing() {
    let (_places, stores) = stores().await;
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
    let (_places, stores) = stores().await;
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
    let (_places, stores) = stores().await;
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
    let (_places, stores) = stores().await;
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

/// What is bound to nothing fits every column, and is found as nothing.
#[tokio::test]
async fn values_come_back_as_they_went() {
    const TABLE: &[Migration] =
        &[Migration::new("test/0001", "create table t (id uuid, number bigint, name text)")];
    for engine in testkit::ENGINES {
        let TestStore { store, place: _kept } = TestStore::on(engine, TABLE).await;
        let insert = "insert into t (id, number, name) values (?1, ?2, ?3)";
        let rows = [
            params![OrderId::generate(), i64::MIN, "it's ?1 of $2"],
            params![OrderId::generate(), i64::MAX, ""],
            params![OrderId::generate(), 0_i64, "Bj\u{f6}rk \u{1f3ab}"],
            [Value::Null, Value::Null, Value::Null],
        ];
        store
            .apply(rows.iter().map(|row| Statement::one_row(insert, row.clone())).collect())
            .await
            .unwrap();
        for row in &rows {
            let sql = "select id, number, name from t where (id = ?1 or id is null and ?1 is null)
                and (number = ?2 or ?2 is null) and (name = ?3 or ?3 is null)";
            for found in [
                store.query(sql, row.clone()).await.unwrap(),
                store.scan(sql, row.clone()).await.unwrap(),
            ] {
                assert_eq!(found.len(), 1, "{engine:?} {row:?}");
                let columns: Vec<Value> = vec![
                    found[0].get::<Option<OrderId>>(0).unwrap().into(),
                    found[0].get::<Option<i64>>(1).unwrap().into(),
                    found[0].get::<Option<String>>(2).unwrap().into(),
                ];
                assert_eq!(columns, row);
            }
        }
    }
}

/// Texts are in the order of their bytes.
#[tokio::test]
async fn texts_are_sorted_alike() {
    const TABLE: &[Migration] =
        &[Migration::new("test/0001", "create table t (name text not null)")];
    let names =
        ["a", "B", "b", "", " a", "a b", "ab", "a-b", "\u{e9}", "z", "e\u{301}", "\u{1f3ab}"];
    let mut sorted = names;
    sorted.sort_unstable();
    for engine in testkit::ENGINES {
        let TestStore { store, place: _kept } = TestStore::on(engine, TABLE).await;
        let insert = |name| Statement::new("insert into t (name) values (?1)", params![name]);
        store.apply(names.map(insert).into()).await.unwrap();
        let rows = store.query("select name from t order by name", []).await.unwrap();
        let found: Vec<String> = rows.iter().map(|row| row.get(0).unwrap()).collect();
        assert_eq!(found, sorted, "{engine:?}");
        let rows =
            store.query("select count(*) from t where name > ?1", params!["a"]).await.unwrap();
        let greater = sorted.iter().filter(|name| **name > "a").count();
        assert_eq!(rows[0].get::<i64>(0).unwrap(), greater as i64, "{engine:?}");
    }
}

/// More statements than are sent in one go by whatever sends them.
#[tokio::test]
async fn a_large_batch_is_all_or_nothing() {
    let (_places, stores) = stores().await;
    for store in stores {
        let many = |_| place(OrderId::generate(), TicketId::generate());
        let mut batch: Vec<_> = (0..1000).map(many).collect();
        store.apply(batch.clone()).await.unwrap();
        assert_eq!(count(&store).await, 1000);
        batch = (0..1000).map(many).collect();
        batch.insert(500, Statement::one_row(CANCEL, params![OrderId::generate(), 0_i64]));
        assert!(store.apply(batch).await.unwrap_err().is_conflict());
        assert_eq!(count(&store).await, 1000);
        store.apply(vec![]).await.unwrap();
        store.probe().await.unwrap();
    }
}
