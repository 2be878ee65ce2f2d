//! Several processes with one database: each event is delivered by one of them, and by another
//! when that one is gone.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bus::{Bus, PublishError};
use events::{Envelope, ExpirationComplete};
use futures_util::FutureExt;
use kernel::{Clock, OrderId, SystemClock, Timestamp};
use outbox::{CantAsk, Changeset, Committed, Heard, Journal, Relay, RelayOptions};
use store::{Location, Store, StoreError};
use testkit::ManualClock;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const LEASE: Duration = Duration::from_secs(5);

/// A handle of its own on the database: what another process has.
fn process(path: &Path) -> Journal {
    Journal::shared(Store::open(Location::File(path), outbox::MIGRATIONS).unwrap())
}

/// Takes what it has permits for, and remembers how often.
struct Counting {
    taken: Mutex<HashMap<OrderId, u32>>,
    gate: Semaphore,
}

impl Counting {
    fn open() -> Arc<Self> {
        Self::with(Semaphore::MAX_PERMITS)
    }

    fn with(permits: usize) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::default(), gate: Semaphore::new(permits) })
    }

    fn taken(&self) -> HashMap<OrderId, u32> {
        self.taken.lock().unwrap().clone()
    }
}

#[async_trait]
impl Bus for Counting {
    async fn publish(&self, envelope: Arc<Envelope>) -> Result<(), PublishError> {
        self.gate.acquire().await.unwrap().forget();
        let order = envelope.open::<ExpirationComplete>().unwrap().id;
        *self.taken.lock().unwrap().entry(order).or_default() += 1;
        Ok(())
    }
}

async fn commit(journal: &Journal, at: Timestamp) -> OrderId {
    let id = OrderId::generate();
    let changeset = Changeset::new(at, Vec::new(), vec![ExpirationComplete { id }.into()]);
    assert_eq!(journal.commit(changeset).await.unwrap(), Committed::Now);
    id
}

struct Relaying {
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Relaying {
    fn start(journal: &Journal, bus: Arc<dyn Bus>, clock: Arc<dyn Clock>) -> Self {
        let poll = Duration::from_millis(10);
        let options = RelayOptions { poll, ..RelayOptions::default() };
        let stop = CancellationToken::new();
        let relay = Relay::new(journal.clone(), bus, clock, options);
        Self { running: tokio::spawn(relay.run(stop.clone())), stop }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.running.await.unwrap();
    }

    async fn kill(self) {
        self.running.abort();
        assert!(self.running.await.unwrap_err().is_cancelled());
    }
}

async fn undelivered_becomes(journal: &Journal, count: i64) {
    let look = || async {
        let now = journal.backlog().await?.undelivered;
        Ok::<_, StoreError>((now == count).then_some(()))
    };
    let found = journal.wait_for(Duration::from_secs(30), look).await.unwrap();
    assert!(found.is_some(), "{:?} instead of {count}", journal.backlog().await);
}

/// Enough time for many looks at the table.
async fn many_polls() {
    let never = std::future::pending::<()>();
    assert!(tokio::time::timeout(Duration::from_millis(300), never).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn in_quiet_times_each_event_is_delivered_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.db");
    let (one, two) = (process(&path), process(&path));
    let (by_one, by_two) = (Counting::open(), Counting::open());
    let relays = [
        Relaying::start(&one, by_one.clone(), SystemClock::shared()),
        Relaying::start(&two, by_two.clone(), SystemClock::shared()),
    ];
    let mut committed = Vec::new();
    for _ in 0..10 {
        for journal in [&one, &two] {
            let commits = (0..100).map(|_| commit(journal, SystemClock.now()));
            committed.extend(futures_util::future::join_all(commits).await);
        }
    }
    undelivered_becomes(&one, 0).await;
    undelivered_becomes(&two, 0).await;
    let mut all = by_one.taken();
    for (order, count) in by_two.taken() {
        *all.entry(order).or_default() += count;
    }
    assert_eq!(all.len(), committed.len());
    assert!(committed.iter().all(|order| all[order] == 1), "none twice");
    for relay in relays {
        relay.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_process_has_committed_another_delivers_when_the_claim_lapses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.db");
    let (dead, alive) = (process(&path), process(&path));
    let clock = ManualClock::started();
    for _ in 0..400 {
        commit(&dead, clock.now()).await;
    }
    let bus = Counting::open();
    let relay = Relaying::start(&alive, bus.clone(), clock.clone());
    many_polls().await;
    assert!(bus.taken().is_empty(), "the other one may be about to");
    assert_eq!(alive.backlog().await.unwrap().undelivered, 400, "all see what waits");
    clock.advance(LEASE);
    undelivered_becomes(&alive, 0).await;
    assert!(bus.taken().len() == 400 && bus.taken().values().all(|count| *count == 1));
    relay.stop().await;
}

/// Two take over at once: no event goes to both.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_take_over_each_gets_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.db");
    let (dead, one, two) = (process(&path), process(&path), process(&path));
    let clock = ManualClock::started();
    for _ in 0..700 {
        commit(&dead, clock.now()).await;
    }
    clock.advance(LEASE);
    let bus = Counting::open();
    let relays = [
        Relaying::start(&one, bus.clone(), clock.clone()),
        Relaying::start(&two, bus.clone(), clock.clone()),
    ];
    undelivered_becomes(&one, 0).await;
    assert!(bus.taken().len() == 700 && bus.taken().values().all(|count| *count == 1));
    for relay in relays {
        relay.stop().await;
    }
}

/// Takes nothing, as a broker that is away.
struct Away;

#[async_trait]
impl Bus for Away {
    async fn publish(&self, envelope: Arc<Envelope>) -> Result<(), PublishError> {
        let (event_id, service) = (envelope.id, "the broker".to_owned());
        Err(PublishError { event_id, service, reason: "away".to_owned() })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_in_good_order_leaves_what_is_left_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.db");
    let (stopping, other) = (process(&path), process(&path));
    let clock = ManualClock::started();
    let order = commit(&stopping, clock.now()).await;
    let relay = Relaying::start(&stopping, Arc::new(Away), clock.clone());
    many_polls().await;
    relay.stop().await;
    let bus = Counting::open();
    let relay = Relaying::start(&other, bus.clone(), clock.clone());
    undelivered_becomes(&other, 0).await;
    assert_eq!(bus.taken(), HashMap::from([(order, 1)]));
    relay.stop().await;
}

/// A broker that takes long: who waits for it keeps what it holds, however long that takes.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_still_on_its_way_is_nobody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.db");
    let (slow, other) = (process(&path), process(&path));
    let clock = ManualClock::started();
    let (held, free) = (Counting::with(0), Counting::open());
    let relays = [
        Relaying::start(&slow, held.clone(), clock.clone()),
        Relaying::start(&other, free.clone(), clock.clone()),
    ];
    let order = commit(&slow, clock.now()).await;
    for _ in 0..3 {
        let now = clock.now().plus(Duration::from_secs(4));
        clock.advance(Duration::from_secs(4));
        let renewed = || async {
            let rows = slow.query("select claimed_until from outbox", []).await?;
            let until: Timestamp = rows[0].get(0)?;
            Ok::<_, StoreError>((until > now.plus(Duration::from_secs(4))).then_some(()))
        };
        assert!(slow.wait_for(Duration::from_secs(30), renewed).await.unwrap().is_some());
    }
    assert!(free.taken().is_empty());
    held.gate.add_permits(1);
    undelivered_becomes(&other, 0).await;
    assert_eq!((held.taken(), free.taken()), (HashMap::from([(order, 1)]), HashMap::new()));
    for relay in relays {
        relay.stop().await;
    }
}

/// Killed between the delivery and its note: once more is fine, never is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_delivers_at_least_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.db");
    let (killed, other) = (process(&path), process(&path));
    let clock = ManualClock::started();
    let (some, all) = (Counting::with(150), Counting::open());
    let relay = Relaying::start(&killed, some.clone(), clock.clone());
    for _ in 0..300 {
        commit(&killed, clock.now()).await;
    }
    relay.kill().await;
    clock.advance(LEASE);
    let relay = Relaying::start(&other, all.clone(), clock.clone());
    undelivered_becomes(&other, 0).await;
    let (by_one, by_two) = (some.taken(), all.taken());
    let orders: std::collections::HashSet<_> = by_one.keys().chain(by_two.keys()).collect();
    assert_eq!(orders.len(), 300);
    relay.stop().await;
}

/// What has waited longer than half a lease goes by the table, where the claim is looked at.
#[tokio::test(flavor = "multi_thread")]
async fn what_waited_long_is_claimed_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.db");
    let (one, two) = (process(&path), process(&path));
    let clock = ManualClock::started();
    for at in [clock.now(), clock.now().minus(LEASE / 2), clock.now().minus(LEASE * 10)] {
        for _ in 0..50 {
            commit(&one, at).await;
        }
    }
    let bus = Counting::open();
    let relays = [
        Relaying::start(&one, bus.clone(), clock.clone()),
        Relaying::start(&two, bus.clone(), clock.clone()),
    ];
    undelivered_becomes(&one, 0).await;
    assert!(bus.taken().len() == 150 && bus.taken().values().all(|count| *count == 1));
    for relay in relays {
        relay.stop().await;
    }
}

/// Says no, or nothing, so often; then yes.
struct Slow(Mutex<Vec<Result<bool, CantAsk>>>);

#[async_trait]
impl Heard for Slow {
    async fn heard(&self, _event: kernel::EventId) -> Result<bool, CantAsk> {
        self.0.lock().unwrap().pop().unwrap_or(Ok(true))
    }
}

/// Where "delivered" means that the broker has it, those who hear it are asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_must_be_known_waits_until_it_was_heard() {
    let folder = tempfile::tempdir().unwrap();
    let answers = vec![Ok(false), Err(CantAsk("away".to_owned())), Ok(false)];
    let slow = Arc::new(Slow(Mutex::new(answers)));
    let journal = process(&folder.path().join("tell.db")).asking(slow.clone());
    let relay = Relaying::start(&journal, Counting::open(), SystemClock::shared());
    let tell = |patience| {
        let event = ExpirationComplete { id: OrderId::generate() }.into();
        let change = Changeset::new(SystemClock.now(), Vec::new(), vec![event]);
        journal.commit_and_tell(change, patience)
    };
    assert_eq!(tell(Duration::from_secs(30)).await.unwrap(), Committed::Now);
    assert!(slow.0.lock().unwrap().is_empty(), "asked until the answer was yes");

    slow.0.lock().unwrap().extend((0..1000).map(|_| Ok(false)));
    let began = tokio::time::Instant::now();
    assert_eq!(tell(Duration::from_millis(300)).await.unwrap(), Committed::Now, "it stands");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    relay.stop().await;
}

/// Until the events before it are carried out; what is committed otherwise waits for nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_waits_while_many_events_are_on_their_way() {
    const MANY: usize = 300;
    let folder = tempfile::tempdir().unwrap();
    let (shared, clock) = (process(&folder.path().join("shared.db")), ManualClock::started());
    let would_wait = |journal: &Journal| journal.wait_for_room().now_or_never().is_none();
    let bus = Counting::with(0);
    let relaying = Relaying::start(&shared, bus.clone(), clock.clone());
    for _ in 0..MANY {
        commit(&shared, clock.now()).await;
    }
    assert!(!would_wait(&shared), "the bus takes nothing");

    let mut has_waited = false;
    for taken in 1..=20 {
        bus.gate.add_permits(1);
        undelivered_becomes(&shared, (MANY - taken) as i64).await;
        // on a machine that rests for long, the relay looks as if it didn't work
        has_waited |= would_wait(&shared);
    }
    assert!(has_waited, "nobody waits for the 280 that are left");
    bus.gate.add_permits(MANY);
    undelivered_becomes(&shared, 0).await;
    assert!(!would_wait(&shared));
    relaying.stop().await;
}
