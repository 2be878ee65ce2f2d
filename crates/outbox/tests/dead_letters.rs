//! Dead letters: looked at, handled once more when the cause is gone, or dropped.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bus::{Consumer, Failure, Unreadable};
use events::{Envelope, Event, ExpirationComplete};
use kernel::{Clock, EventId, OrderId, SystemClock};
use outbox::{Changeset, Committed, DeadLetter, Dispatch, Journal, Replays, Subscriber};
use store::{Location, Migration, Statement, Store, StoreError, params};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const COUNTER: Migration =
    Migration::new("test/0001", "create table seen (order_id uuid not null)");

/// Handles what it can: nothing while there is a cause against it.
struct Moody {
    journal: Journal,
    /// 0: none; 1: it may go; 2: it stays; 3: it panics.
    cause: Arc<AtomicU32>,
}

#[async_trait]
impl Dispatch for Moody {
    async fn dispatch(&self, envelope: &Envelope) -> Result<(), Failure> {
        match self.cause.load(Ordering::SeqCst) {
            0 => {}
            1 => {
                self.cause.store(0, Ordering::SeqCst);
                return Err(Failure::Retry("busy".to_owned()));
            }
            2 => return Err(Failure::Fail("still there".to_owned())),
            _ => panic!("still there"),
        }
        let order = OrderId::from(envelope.subject);
        let write = Statement::one_row("insert into seen (order_id) values (?1)", params![order]);
        let change = Changeset::new(SystemClock.now(), vec![write], Vec::new());
        let committed = self.journal.commit(change.handling(envelope.id)).await;
        committed.map(drop).map_err(|error| outbox::failure_of(&error))
    }
}

struct Context {
    journal: Journal,
    cause: Arc<AtomicU32>,
    subscriber: Arc<dyn Consumer>,
    stop: CancellationToken,
    replaying: JoinHandle<()>,
    /// Cancelled once letters may be replayed.
    gate: CancellationToken,
}

impl Context {
    fn start() -> Self {
        let context = Self::waiting();
        context.gate.cancel();
        context
    }

    /// Nothing is replayed until its gate is opened.
    fn waiting() -> Self {
        let migrations = [outbox::MIGRATIONS, &[COUNTER]].concat();
        let journal = Journal::new(Store::open(Location::Memory, &migrations).unwrap());
        let cause = Arc::new(AtomicU32::new(2));
        let moody = Moody { journal: journal.clone(), cause: Arc::clone(&cause) };
        let subscriber = Subscriber::new(journal.clone(), SystemClock::shared(), moody);
        let subscriber: Arc<dyn Consumer> = Arc::new(subscriber);
        let stop = CancellationToken::new();
        let replays = Replays::new(journal.clone(), Arc::clone(&subscriber));
        let gate = CancellationToken::new();
        let replaying = tokio::spawn({
            let (gate, stop) = (gate.clone(), stop.clone());
            async move {
                gate.cancelled().await;
                replays.run(stop).await;
            }
        });
        Self { journal, cause, subscriber, stop, replaying, gate }
    }

    async fn park(&self) -> EventId {
        let event = Event::from(ExpirationComplete { id: OrderId::generate() });
        let id = EventId::generate();
        let envelope = Arc::new(event.seal(id, SystemClock.now(), None).unwrap());
        let failure = Failure::Fail("the first time".to_owned());
        self.subscriber.park(envelope, &failure).await.unwrap();
        id
    }

    async fn once(&self, id: EventId, is_so: impl Fn(Option<&DeadLetter>) -> bool) {
        let look = || async {
            let letter = self.journal.dead_letter(id).await?;
            Ok::<_, StoreError>(is_so(letter.as_ref()).then_some(()))
        };
        let found = self.journal.wait_for(Duration::from_secs(30), look).await.unwrap();
        assert!(found.is_some(), "{:?}", self.journal.dead_letter(id).await);
    }

    async fn handled(&self) -> i64 {
        let rows = self.journal.query("select count(*) from seen", []).await.unwrap();
        rows[0].get(0).unwrap()
    }

    async fn stop(self) {
        self.stop.cancel();
        self.replaying.await.unwrap();
    }
}

#[tokio::test]
async fn what_failed_is_handled_once_the_cause_is_gone() {
    let context = Context::start();
    let id = context.park().await;
    for (cause, reason) in [(2, "still there"), (3, "the consumer panicked")] {
        context.cause.store(cause, Ordering::SeqCst);
        context.journal.replay(id, SystemClock.now()).await.unwrap();
        let failed = |letter: Option<&DeadLetter>| {
            letter.is_some_and(|letter| letter.replay_at.is_none() && letter.reason == reason)
        };
        context.once(id, failed).await;
    }
    context.cause.store(1, Ordering::SeqCst);
    context.journal.replay(id, SystemClock.now()).await.unwrap();
    context.once(id, |letter| letter.is_none()).await;
    assert_eq!(context.handled().await, 1);
    context.stop().await;
}

#[tokio::test]
async fn asking_twice_handles_once() {
    let context = Context::waiting();
    context.cause.store(0, Ordering::SeqCst);
    let ids = [context.park().await, context.park().await, context.park().await];
    for _ in 0..2 {
        context.journal.replay(ids[0], SystemClock.now()).await.unwrap();
        context.journal.replay_all(SystemClock.now()).await.unwrap();
    }
    context.gate.cancel();
    for id in ids {
        context.once(id, |letter| letter.is_none()).await;
        let again = context.journal.replay(id, SystemClock.now()).await.unwrap_err();
        assert!(again.is_conflict(), "there is nothing to replay: {again}");
    }
    assert_eq!(context.handled().await, 3);
    context.stop().await;
}

/// It came again by the bus, and was handled; the letter stayed. A replay changes nothing then.
#[tokio::test]
async fn what_was_handled_otherwise_is_not_handled_again() {
    let context = Context::start();
    let id = context.park().await;
    context.cause.store(0, Ordering::SeqCst);
    let letter = context.journal.dead_letter(id).await.unwrap().unwrap();
    context.subscriber.consume(Arc::new(letter.open().unwrap())).await.unwrap();
    assert!(context.journal.has_handled(id).await.unwrap());
    context.journal.replay(id, SystemClock.now()).await.unwrap();
    context.once(id, |letter| letter.is_none()).await;
    assert_eq!(context.handled().await, 1);
    context.stop().await;
}

#[tokio::test]
async fn what_is_no_event_stays_until_it_is_dropped() {
    let context = Context::start();
    let id = EventId::generate();
    let message = Unreadable { id, text: "{\"id\":".to_owned() };
    let failure = Failure::Fail("no event".to_owned());
    for _ in 0..2 {
        context.subscriber.park_unreadable(message.clone(), &failure).await.unwrap();
    }
    assert_eq!(context.journal.backlog().await.unwrap().dead_letters, 1);
    context.journal.replay(id, SystemClock.now()).await.unwrap();
    let failed = |letter: Option<&DeadLetter>| {
        letter.is_some_and(|letter| letter.reason.starts_with("this is no event"))
    };
    context.once(id, failed).await;
    context.journal.drop_dead_letter(id).await.unwrap();
    assert!(context.journal.drop_dead_letter(id).await.unwrap_err().is_conflict());
    assert_eq!(context.journal.dead_letters(10, None).await.unwrap(), []);
    context.stop().await;
}

#[tokio::test]
async fn letters_are_listed_page_by_page() {
    let context = Context::start();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(context.park().await);
    }
    let page = async |after| {
        let letters = context.journal.dead_letters(2, after).await.unwrap();
        letters.iter().map(|letter| letter.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None).await, ids[..2]);
    assert_eq!(page(Some(ids[1])).await, ids[2..4]);
    assert_eq!(page(Some(ids[3])).await, ids[4..]);
    assert_eq!(
        context
            .journal
            .commit(Changeset::new(SystemClock.now(), Vec::new(), Vec::new()))
            .await
            .unwrap(),
        Committed::Now
    );
    context.stop().await;
}
