//! What is true of a server that others use, too, and that can be away, slow, or end a connection
//! in the middle of whatever it does.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

mod postgres_line;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kernel::{OrderId, TicketId};
use store::{Migration, PostgresOptions, Statement, Store, StoreError, params};
use testkit::PostgresDatabase;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::postgres_line::Line;

/// Each order with the event that tells of it: both, or neither.
const SCHEMA: &[Migration] = &[Migration::new(
    "test/0001",
    "create table orders (id uuid primary key, ticket_id uuid not null);
     create unique index orders_once on orders (ticket_id);
     create table told (id uuid primary key, order_id uuid not null);",
)];

const PLACE: &str = "insert into orders (id, ticket_id) values (?1, ?2)";
const TELL: &str = "insert into told (id, order_id) values (?1, ?2)";
const HALVES: &str = "select count(*) from orders o full join told t on t.order_id = o.id
     where o.id is null or t.id is null";

/// How soon whoever asks must have heard that there is no answer.
const SOON: Duration = Duration::from_secs(9);

fn order(id: OrderId) -> Vec<Statement> {
    vec![
        Statement::one_row(PLACE, params![id, TicketId::generate()]),
        Statement::one_row(TELL, params![OrderId::generate(), id]),
    ]
}

async fn number(store: &Store, sql: &'static str) -> i64 {
    store.query(sql, []).await.unwrap()[0].get(0).unwrap()
}

/// Buyers who place orders until they are told to stop; those that were told that theirs stands.
struct Buyers {
    tasks: JoinSet<(Vec<OrderId>, usize)>,
    stop: Arc<AtomicBool>,
    /// How many answers they had.
    answers: Arc<watch::Sender<usize>>,
}

impl Buyers {
    fn start(store: &Store, count: usize) -> Self {
        let (mut tasks, stop) = (JoinSet::new(), Arc::new(AtomicBool::new(false)));
        let answers = Arc::new(watch::Sender::new(0));
        for _ in 0..count {
            let (store, stop) = (store.clone(), Arc::clone(&stop));
            let answers = Arc::clone(&answers);
            tasks.spawn(async move {
                let (mut placed, mut refused) = (Vec::new(), 0);
                while !stop.load(Ordering::Relaxed) {
                    let (id, asked_at) = (OrderId::generate(), Instant::now());
                    match store.apply(order(id)).await {
                        Ok(()) => placed.push(id),
                        Err(StoreError::Unavailable { .. }) => refused += 1,
                        Err(error) => panic!("{error}"),
                    }
                    assert!(asked_at.elapsed() < SOON, "{:?}", asked_at.elapsed());
                    answers.send_modify(|count| *count += 1);
                }
                (placed, refused)
            });
        }
        Self { tasks, stop, answers }
    }

    /// Waits until they had so many answers more.
    async fn go_on(&self, count: usize) {
        let mut answers = self.answers.subscribe();
        let enough = *answers.borrow() + count;
        answers.wait_for(|had| *had >= enough).await.unwrap();
    }

    /// What they were told: orders that stand, and how often they were refused.
    async fn stop(mut self) -> (Vec<OrderId>, usize) {
        self.stop.store(true, Ordering::Relaxed);
        let (mut placed, mut refused) = (Vec::new(), 0);
        while let Some(told) = self.tasks.join_next().await {
            let (some, times) = told.unwrap();
            placed.extend(some);
            refused += times;
        }
        (placed, refused)
    }
}

/// Everything that was told to stand does, and nothing stands by half.
async fn nothing_is_lost(store: &Store, placed: &[OrderId]) {
    assert_eq!(number(store, HALVES).await, 0, "halves of a batch");
    for some in placed.chunks(1000) {
        let ids: Vec<_> = some.iter().map(|id| format!("'{id}'")).collect();
        let sql = format!("select count(*) from orders where id in ({})", ids.join(", "));
        let rows = store.scan(sql, []).await.unwrap();
        assert_eq!(rows[0].get::<i64>(0).unwrap(), some.len() as i64, "orders that stand are lost");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_openers_make_a_database_once() {
    let database = PostgresDatabase::new();
    let mut openers = JoinSet::new();
    for _ in 0..8 {
        openers.spawn(Store::connect(database.options(), SCHEMA));
    }
    let mut stores = Vec::new();
    while let Some(opened) = openers.join_next().await {
        stores.push(opened.unwrap().unwrap());
    }
    for store in &stores {
        store.apply(order(OrderId::generate())).await.unwrap();
    }
    assert_eq!(number(&stores[0], "select count(*) from orders").await, 8);
    assert_eq!(number(&stores[0], "select count(*) from schema_migrations").await, 1);
}

#[tokio::test]
async fn a_schema_of_another_program_is_refused() {
    let database = PostgresDatabase::new();
    let newer = Migration::new("test/0002", "create table more (id uuid)");
    let not_yet = Store::connect_beside(database.options(), SCHEMA).await.map(drop).unwrap_err();
    assert!(matches!(not_yet, StoreError::Unavailable { .. }), "it is not created: {not_yet}");
    let first = database.store(SCHEMA).await;
    let not_yet = Store::connect_beside(database.options(), &[SCHEMA[0], newer]).await;
    assert!(not_yet.map(drop).unwrap_err().to_string().contains("test/0002: it isn't applied yet"));
    let beside = Store::connect_beside(database.options(), SCHEMA).await.unwrap();
    beside.apply(order(OrderId::generate())).await.unwrap();
    assert_eq!(number(&first, "select count(*) from orders").await, 1);

    database.store(&[SCHEMA[0], newer]).await;
    let older = Store::connect(database.options(), SCHEMA).await.map(drop).unwrap_err();
    assert!(older.to_string().contains("test/0002: this release doesn't know it"), "{older}");
    let edited = Migration::new("test/0001", "create table orders (id uuid)");
    let edited = Store::connect(database.options(), &[edited, newer]).await.map(drop);
    assert!(edited.unwrap_err().to_string().contains("test/0001: its SQL was edited"));
}

/// A migration that fails leaves nothing behind, and is tried again.
#[tokio::test]
async fn a_migration_is_all_or_nothing() {
    let database = PostgresDatabase::new();
    let wrong = Migration::new("test/0002", "create table more (id uuid); select nothing");
    let error =
        Store::connect(database.options(), &[SCHEMA[0], wrong]).await.map(drop).unwrap_err();
    assert!(error.to_string().contains("test/0002"), "{error}");
    let right = Migration::new("test/0002", "create table more (id uuid)");
    let store = database.store(&[SCHEMA[0], right]).await;
    assert_eq!(number(&store, "select count(*) from more").await, 0);
}

#[tokio::test]
async fn a_database_that_sorts_otherwise_is_refused() {
    let database = PostgresDatabase::new();
    let server = testkit::service("POSTGRES_URL");
    let maintenance = PostgresOptions::new(format!("{server}/ticketing_tests"), "test");
    Store::connect(maintenance, &[]).await.unwrap();
    let client = testkit::postgres_client(&format!("{server}/postgres")).await;
    let create = format!(
        "create database {} lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8' template template0",
        database.name()
    );
    client.batch_execute(&create).await.unwrap();
    let error = Store::connect(database.options(), SCHEMA).await.map(drop).unwrap_err();
    assert!(error.to_string().contains("compares texts as C.UTF-8"), "{error}");
}

/// Backends are killed while they work, again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_that_are_killed_in_the_middle_lose_nothing() {
    const BUYERS: usize = 16;
    let database = PostgresDatabase::new();
    let store = database.store(SCHEMA).await;
    let killer = database.client().await;
    let buyers = Buyers::start(&store, BUYERS);
    let mut killed = 0;
    for _ in 0..40 {
        let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid() and random() < 0.3";
        killed += killer.query_one(kill, &[]).await.unwrap().get::<_, i64>(0);
        killer.query_one("select pg_sleep(0.02)::text", &[]).await.unwrap();
    }
    let (placed, refused) = buyers.stop().await;
    assert!(killed > 20 && placed.len() > 100, "{killed} killed, {} placed", placed.len());
    // whose batches are written while the connection ends hear of it together; nobody else does
    let most = killed * BUYERS as i64;
    assert!(refused as i64 <= most, "{refused} refused of {killed} killed");
    nothing_is_lost(&store, &placed).await;
    store.probe().await.unwrap();
    assert!(store.condition().can_write);
}

/// The line to the server is cut, and nobody answers for a while; then it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_goes_and_comes_back_loses_nothing() {
    let database = PostgresDatabase::new();
    let line = Line::start().await;
    let store = Store::connect(line.options(&database), SCHEMA).await.unwrap();
    let buyers = Buyers::start(&store, 16);
    for _ in 0..5 {
        buyers.go_on(100).await;
        line.cut();
        buyers.go_on(100).await;
        line.mend();
    }
    buyers.go_on(500).await;
    let (placed, refused) = buyers.stop().await;
    assert!(refused > 0 && placed.len() > 50, "{refused} refused, {} placed", placed.len());
    nothing_is_lost(&store, &placed).await;
}

/// The server takes what is sent, and answers nothing: as when its process is stopped.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_does_not_answer_keeps_nobody_waiting() {
    let database = PostgresDatabase::new();
    let line = Line::start().await;
    let mut options = line.options(&database);
    options.answer_max = Duration::from_millis(500);
    options.wait_max = Duration::from_millis(500);
    options.connect_max = Duration::from_millis(500);
    options.scan_max = Duration::from_secs(1);
    options.connections_max = 4;
    let store = Store::connect(options, SCHEMA).await.unwrap();
    store.apply(order(OrderId::generate())).await.unwrap();
    line.stop();
    let asked_at = Instant::now();
    let mut asked = JoinSet::new();
    for _ in 0..16 {
        let (applying, asking, looking) = (store.clone(), store.clone(), store.clone());
        asked.spawn(async move { applying.apply(order(OrderId::generate())).await.map(drop) });
        asked.spawn(async move { asking.query("select 1", []).await.map(drop) });
        asked.spawn(async move { looking.scan("select 1", []).await.map(drop) });
    }
    while let Some(answer) = asked.join_next().await {
        let error = answer.unwrap().unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    }
    assert!(asked_at.elapsed() < Duration::from_secs(6), "{:?}", asked_at.elapsed());
    assert!(!store.condition().can_write);
    line.go_on();
    let back = async {
        // bounded: by the time-out
        while store.probe().await.is_err() {}
    };
    tokio::time::timeout(SOON, back).await.unwrap();
    assert!(store.condition().can_write);
    assert_eq!(store.condition().readers_busy, 0);
    assert_eq!(number(&store, HALVES).await, 0);
}

/// A search that nobody waits for ends in the server, too.
#[tokio::test]
async fn a_search_that_nobody_waits_for_is_cancelled() {
    let database = PostgresDatabase::new();
    let store = database.store(SCHEMA).await;
    let watcher = database.client().await;
    let searches = "select count(*) from pg_stat_activity where datname = current_database()
         and query like 'with recursive%' and state = 'active'";
    let endless = "with recursive n (i) as (select 1 union all select i + 1 from n)
         select count(*) from n";
    let given_up = tokio::time::timeout(Duration::from_millis(300), store.scan(endless, []));
    given_up.await.unwrap_err();
    let gone = async {
        // bounded: by the time-out
        while watcher.query_one(searches, &[]).await.unwrap().get::<_, i64>(0) > 0 {}
    };
    tokio::time::timeout(SOON, gone).await.unwrap();
    assert_eq!(store.condition().readers_busy, 0);
}

/// Two batches that wait for each other: the server ends one, and it is tried again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn batches_that_wait_for_each_other_both_stand() {
    let database = PostgresDatabase::new();
    let mut options = database.options();
    // the server looks for it after a second, each time
    options.answer_max = Duration::from_secs(30);
    let store = Store::connect(options, SCHEMA).await.unwrap();
    let ids = [OrderId::generate(), OrderId::generate()];
    store.apply([order(ids[0]), order(ids[1])].concat()).await.unwrap();
    let touch = "update orders set ticket_id = ticket_id where id = ?1";
    let both = |first: usize| {
        let rows = [ids[first], ids[1 - first]];
        rows.map(|id| Statement::one_row(touch, params![id])).to_vec()
    };
    let mut writers = JoinSet::new();
    for writer in 0..4 {
        let (store, batch) = (store.clone(), both(writer % 2));
        writers.spawn(async move {
            for _ in 0..5 {
                store.apply(batch.clone()).await.unwrap();
            }
        });
    }
    while let Some(written) = writers.join_next().await {
        written.unwrap();
    }
}

/// Who hangs up takes nothing back, and harms nobody who comes after.
#[tokio::test]
async fn whoever_hangs_up_harms_nobody() {
    let database = PostgresDatabase::new();
    let mut options = database.options();
    options.connections_max = 2;
    let store = Store::connect(options, SCHEMA).await.unwrap();
    for patience in 0..200 {
        let id = OrderId::generate();
        let hung_up = Duration::from_micros(patience * 10);
        let _given_up = tokio::time::timeout(hung_up, store.apply(order(id))).await;
        let rows = store.query("select id from orders where id = ?1", params![id]).await.unwrap();
        assert!(rows.len() <= 1);
        store.apply(order(OrderId::generate())).await.unwrap();
    }
    assert_eq!(number(&store, HALVES).await, 0);
    store.close().await;
    assert!(!store.condition().is_open);
    let late = store.apply(order(OrderId::generate())).await.unwrap_err();
    assert!(matches!(late, StoreError::Unavailable { .. }), "{late}");
    assert!(store.query("select 1", []).await.is_err());
}
