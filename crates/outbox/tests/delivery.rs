//! Outbox, relay and inbox together: what was committed is delivered, whatever fails between,
//! and handled once however often it comes.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bus::{Bus, Consumer, Failure, PublishError};
use events::{Envelope, ExpirationComplete};
use kernel::{Clock, OrderId, SystemClock};
use outbox::{Changeset, Committed, Dispatch, Journal, Relay, RelayOptions, Subscriber};
use store::{Location, Migration, Statement, Store, StoreError, params};
use tokio_util::sync::CancellationToken;

const COUNTER: Migration =
    Migration::new("test/0001", "create table seen (order_id uuid not null)");

fn journal() -> Journal {
    let migrations = [outbox::MIGRATIONS, &[COUNTER]].concat();
    Journal::new(Store::open(Location::Memory, &migrations).unwrap())
}

fn changeset(order: OrderId) -> Changeset {
    let write = Statement::one_row("insert into seen (order_id) values (?1)", params![order]);
    let event = ExpirationComplete { id: order }.into();
    Changeset::new(SystemClock.now(), vec![write], vec![event])
}

/// Takes every event, but only after refusing or panicking `failures` times.
struct Unreliable {
    failures: AtomicU32,
    panics: bool,
    taken: Mutex<Vec<OrderId>>,
}

impl Unreliable {
    fn new(failures: u32, panics: bool) -> Arc<Self> {
        let failures = AtomicU32::new(failures);
        Arc::new(Self { failures, panics, taken: Mutex::new(Vec::new()) })
    }
}

#[async_trait]
impl Bus for Unreliable {
    async fn publish(&self, envelope: Arc<Envelope>) -> Result<(), PublishError> {
        let left =
            self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        if left.is_ok() {
            assert!(!self.panics, "a consumer that panics");
            let (event_id, service) = (envelope.id, "test".to_owned());
            return Err(PublishError { event_id, service, reason: "away".to_owned() });
        }
        let order = envelope.open::<ExpirationComplete>().unwrap().id;
        self.taken.lock().unwrap().push(order);
        Ok(())
    }
}

/// Waits until the outbox is empty.
async fn all_delivered(journal: &Journal) {
    let empty = || async {
        let backlog = journal.backlog().await?;
        Ok::<_, StoreError>((backlog.undelivered == 0).then_some(()))
    };
    journal.wait_for(Duration::from_secs(30), empty).await.unwrap().unwrap();
}

async fn relay_everything(journal: &Journal, bus: Arc<Unreliable>) {
    let options =
        RelayOptions { pause_after_failure: Duration::from_millis(1), ..RelayOptions::default() };
    let stop = CancellationToken::new();
    let relay = Relay::new(journal.clone(), bus, SystemClock::shared(), options);
    let running = tokio::spawn(relay.run(stop.clone()));
    all_delivered(journal).await;
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn everything_committed_is_delivered_though_the_bus_fails() {
    for panics in [false, true] {
        let (journal, bus) = (journal(), Unreliable::new(20, panics));
        let orders: Vec<_> = (0..600).map(|_| OrderId::generate()).collect();
        for order in &orders {
            assert_eq!(journal.commit(changeset(*order)).await.unwrap(), Committed::Now);
        }
        relay_everything(&journal, Arc::clone(&bus)).await;
        let mut taken = bus.taken.lock().unwrap().clone();
        taken.sort_unstable();
        assert_eq!(taken, orders);
    }
}

/// More at once than is kept for the relay besides the table; some before it starts, and some by
/// another handle, of which it hears nothing.
#[tokio::test]
async fn a_burst_is_delivered_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("burst.db");
    let open = || {
        let migrations = [outbox::MIGRATIONS, &[COUNTER]].concat();
        Journal::new(Store::open(Location::File(&path), &migrations).unwrap())
    };
    let (journal, stranger) = (open(), open());
    let bus = Unreliable::new(0, false);
    let commit = async |journal: &Journal, count: usize| {
        let commits = (0..count).map(|_| async {
            let order = OrderId::generate();
            assert_eq!(journal.commit(changeset(order)).await.unwrap(), Committed::Now);
            order
        });
        futures_util::future::join_all(commits).await
    };
    let mut orders = commit(&journal, 2_000).await;
    orders.extend(commit(&stranger, 500).await);
    let (_all, more) =
        tokio::join!(relay_everything(&journal, Arc::clone(&bus)), commit(&journal, 2_500));
    orders.extend(more);
    relay_everything(&journal, Arc::clone(&bus)).await;
    let mut taken = bus.taken.lock().unwrap().clone();
    taken.sort_unstable();
    orders.sort_unstable();
    assert_eq!(taken, orders);
}

#[tokio::test]
async fn what_was_not_committed_is_not_told() {
    let journal = journal();
    let order = OrderId::generate();
    let mut bad = vec![Statement::one_row("delete from seen where order_id = ?1", params![order])];
    bad.insert(0, Statement::new("insert into seen (order_id) values (?1)", params![order]));
    bad.push(Statement::one_row("delete from seen where order_id = ?1", params![order]));
    let event = ExpirationComplete { id: order }.into();
    let error = journal.commit(Changeset::new(SystemClock.now(), bad, vec![event])).await;
    assert!(error.unwrap_err().is_conflict());
    assert_eq!(journal.backlog().await.unwrap().undelivered, 0);
}

/// Counts what it handles in its journal; refuses what it was told to.
struct Counting {
    journal: Journal,
    refuse: bool,
}

#[async_trait]
impl Dispatch for Counting {
    async fn dispatch(&self, envelope: &Envelope) -> Result<(), Failure> {
        if self.refuse {
            return Err(Failure::Fail("told to refuse".to_owned()));
        }
        let order = OrderId::from(envelope.subject);
        let change = changeset(order).handling(envelope.id);
        let committed = self.journal.commit(change).await;
        committed.map(|_| ()).map_err(|error| outbox::failure_of(&error))
    }
}

fn envelope() -> Arc<Envelope> {
    let event = events::Event::from(ExpirationComplete { id: OrderId::generate() });
    Arc::new(event.seal(kernel::EventId::generate(), SystemClock.now(), None).unwrap())
}

#[tokio::test]
async fn a_redelivery_changes_nothing() {
    let journal = journal();
    let counting = Counting { journal: journal.clone(), refuse: false };
    let subscriber = Subscriber::new(journal.clone(), SystemClock::shared(), counting);
    let envelope = envelope();
    for _ in 0..3 {
        subscriber.consume(Arc::clone(&envelope)).await.unwrap();
    }
    let rows = journal.query("select count(*) from seen", []).await.unwrap();
    assert_eq!(rows[0].get::<i64>(0).unwrap(), 1);
    assert_eq!(journal.backlog().await.unwrap().undelivered, 1, "one event was told once");
}

#[tokio::test]
async fn what_can_not_be_handled_is_parked_once_with_its_reason() {
    let journal = journal();
    let refusing = Counting { journal: journal.clone(), refuse: true };
    let subscriber = Subscriber::new(journal.clone(), SystemClock::shared(), refusing);
    let envelope = envelope();
    for _ in 0..2 {
        let failure = subscriber.consume(Arc::clone(&envelope)).await.unwrap_err();
        subscriber.park(Arc::clone(&envelope), &failure).await.unwrap();
    }
    let rows = journal.query("select reason from dead_letters", []).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].get::<String>(0).unwrap(), "told to refuse");
}

/// A full disk: what was handed over can't be taken out of the table. It isn't handed over again
/// and again meanwhile, and goes when there is room.
#[tokio::test]
async fn what_can_not_be_cleared_yet_is_not_delivered_again() {
    let stuck = Migration::new(
        "test/0002",
        "create trigger stuck before delete on outbox begin select raise(abort, 'full'); end",
    );
    let migrations = [outbox::MIGRATIONS, &[COUNTER, stuck]].concat();
    let journal = Journal::new(Store::open(Location::Memory, &migrations).unwrap());
    let bus = Unreliable::new(0, false);
    for _ in 0..3 {
        assert_eq!(journal.commit(changeset(OrderId::generate())).await.unwrap(), Committed::Now);
    }
    let options = RelayOptions { poll: Duration::from_millis(10), ..RelayOptions::default() };
    let stop = CancellationToken::new();
    let relay = Relay::new(journal.clone(), Arc::clone(&bus) as _, SystemClock::shared(), options);
    let running = tokio::spawn(relay.run(stop.clone()));
    let many_polls = tokio::time::timeout(Duration::from_millis(500), stop.cancelled()).await;
    assert!(many_polls.is_err(), "time has passed");
    assert_eq!(bus.taken.lock().unwrap().len(), 3, "each was handed over once");

    let room = Statement::new("drop trigger stuck", []);
    let room = Changeset::new(SystemClock.now(), vec![room], Vec::new());
    assert_eq!(journal.commit(room).await.unwrap(), Committed::Now);
    all_delivered(&journal).await;
    stop.cancel();
    running.await.unwrap();
}

/// Who commits and tells goes on when everybody has handled the event, or patience is over.
#[tokio::test]
async fn a_change_that_must_be_known_waits_until_it_is() {
    let (journal, bus) = (journal(), Unreliable::new(1, false));
    let change = changeset(OrderId::generate());
    let nobody = journal.commit_and_tell(change, Duration::from_millis(1)).await;
    assert_eq!(nobody.unwrap(), Committed::Now, "it stands, heard of or not");
    assert_eq!(journal.backlog().await.unwrap().undelivered, 1);

    let options =
        RelayOptions { pause_after_failure: Duration::from_millis(1), ..RelayOptions::default() };
    let stop = CancellationToken::new();
    let relay = Relay::new(journal.clone(), Arc::clone(&bus) as _, SystemClock::shared(), options);
    let running = tokio::spawn(relay.run(stop.clone()));
    let order = OrderId::generate();
    let told = journal.commit_and_tell(changeset(order), Duration::from_secs(30)).await;
    assert_eq!(told.unwrap(), Committed::Now);
    assert!(bus.taken.lock().unwrap().contains(&order));
    stop.cancel();
    running.await.unwrap();
}
