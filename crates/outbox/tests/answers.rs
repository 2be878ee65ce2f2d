//! Remembered answers: stored with their effect or not at all, given again for a day, and then
//! forgotten.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bus::{Bus, PublishError};
use events::{Envelope, ExpirationComplete};
use kernel::{Clock, EventId, OrderId, SystemClock, Timestamp, UserId};
use outbox::{
    ANSWERS_KEPT_FOR, Answer, Asked, Changeset, Committed, Earlier, Journal, ONE_ANSWER_PER_KEY,
    Receipt, Relay, RelayOptions, Remember,
};
use store::{Location, Migration, Statement, Store, StoreError, params};
use testkit::{ManualClock, TestPlace, TestStore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const NOON: Timestamp = Timestamp::from_micros(1_714_000_000_000_000);
const INSTANT: Duration = Duration::from_micros(1);

const MADE: Migration = Migration::new(
    "test/0001",
    "create table made (id uuid not null);
          create unique index made_once on made (id)",
);

/// An empty one.
async fn empty() -> (Journal, TestPlace) {
    let migrations = [outbox::MIGRATIONS, &[MADE]].concat();
    let TestStore { store, place } = TestStore::on(testkit::engine(), &migrations).await;
    (Journal::new(store), place)
}

fn open(location: Location<'_>) -> Journal {
    let migrations = [outbox::MIGRATIONS, &[MADE]].concat();
    Journal::new(Store::open(location, &migrations).unwrap())
}

fn asked(caller: UserId, key: &str) -> Asked {
    Asked { caller, key: key.to_owned(), fingerprint: [7; 32] }
}

fn render(id: &OrderId) -> Result<Answer, StoreError> {
    Answer::json(201, &format!("made \"{id}\""))
}

/// Makes `id` at `at`, tells of it, and remembers the answer.
fn making(id: OrderId, remember: Remember<OrderId>, at: Timestamp) -> Changeset {
    let write = Statement::one_row("insert into made (id) values (?1)", params![id]);
    let event = ExpirationComplete { id }.into();
    let receipt = remember.receipt(id, &id).unwrap();
    Changeset::new(at, vec![write], vec![event]).answering(receipt)
}

async fn make(journal: &Journal, asked: &Asked, at: Timestamp) -> Result<OrderId, StoreError> {
    let id = OrderId::generate();
    let committed = journal.commit(making(id, Remember::answer(asked.clone(), render), at)).await?;
    assert_eq!(committed, Committed::Now);
    Ok(id)
}

async fn count(journal: &Journal, table: &str) -> i64 {
    let rows = journal.query(format!("select count(*) from {table}"), []).await.unwrap();
    rows[0].get(0).unwrap()
}

#[tokio::test]
async fn an_answer_is_there_with_its_effect_also_in_the_next_life() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers.db");
    let key = asked(UserId::generate(), "k");
    let id = {
        let journal = open(Location::File(&path));
        assert_eq!(journal.earlier(&key, NOON).await.unwrap(), None);
        make(&journal, &key, NOON).await.unwrap()
    };
    let journal = open(Location::File(&path));
    let answered = Earlier::Answered(render(&id).unwrap());
    assert_eq!(journal.earlier(&key, NOON).await.unwrap(), Some(answered));
    assert_eq!(count(&journal, "made").await, 1);
}

#[tokio::test]
async fn without_its_effect_there_is_no_answer() {
    let ((journal, _place), key) = (empty().await, asked(UserId::generate(), "k"));
    let first = make(&journal, &asked(key.caller, "other"), NOON).await.unwrap();
    let again = making(first, Remember::answer(key.clone(), render), NOON);
    let error = journal.commit(again).await.unwrap_err();
    assert!(error.is_constraint("made_once"), "{error}");
    assert_eq!(journal.earlier(&key, NOON).await.unwrap(), None);
    make(&journal, &key, NOON).await.unwrap();
}

#[tokio::test]
async fn without_its_answer_there_is_no_effect() {
    let ((journal, _place), key) = (empty().await, asked(UserId::generate(), "k"));
    let first = make(&journal, &key, NOON).await.unwrap();
    let error = make(&journal, &key, NOON).await.unwrap_err();
    assert!(error.is_constraint(ONE_ANSWER_PER_KEY), "{error}");
    assert_eq!(count(&journal, "made").await, 1);
    assert_eq!(count(&journal, "outbox").await, 1, "nothing was told of it either");

    // neither does a refusal take the place of an effect
    let refusal = Answer { status: 400, body: "\"no\"".to_owned() };
    let refusal = Receipt::refusal(key.clone(), refusal);
    let late = Changeset::new(NOON, Vec::new(), Vec::new()).answering(Some(refusal));
    assert!(journal.commit(late).await.unwrap_err().is_constraint(ONE_ANSWER_PER_KEY));
    let answered = Earlier::Answered(render(&first).unwrap());
    assert_eq!(journal.earlier(&key, NOON).await.unwrap(), Some(answered));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_at_once_commits() {
    let (journal, _place) = empty().await;
    let key = asked(UserId::generate(), "k");
    let racers: Vec<_> = (0..64)
        .map(|_| {
            let (journal, key) = (journal.clone(), key.clone());
            tokio::spawn(async move { make(&journal, &key, NOON).await })
        })
        .collect();
    let mut made = Vec::new();
    for racer in racers {
        match racer.await.unwrap() {
            Ok(id) => made.push(id),
            Err(error) => assert!(error.is_constraint(ONE_ANSWER_PER_KEY), "{error}"),
        }
    }
    assert_eq!(made.len(), 1);
    let answered = Earlier::Answered(render(&made[0]).unwrap());
    assert_eq!(journal.earlier(&key, NOON).await.unwrap(), Some(answered));
    assert_eq!(count(&journal, "made").await, 1);
}

#[tokio::test]
async fn a_promise_is_kept_once() {
    let ((journal, _place), key) = (empty().await, asked(UserId::generate(), "k"));
    let answer = |body: &str| Answer { status: 402, body: body.to_owned() };
    let nothing_begun = journal.complete(&key, &answer("1")).await.unwrap_err();
    assert!(nothing_begun.is_conflict(), "{nothing_begun}");

    let id = OrderId::generate();
    let begin = making(id, Remember::promise(key.clone()), NOON);
    assert_eq!(journal.commit(begin).await.unwrap(), Committed::Now);
    let begun = journal.earlier(&key, NOON).await.unwrap();
    assert_eq!(begun, Some(Earlier::Unanswered(id.as_uuid())));
    journal.complete(&key, &answer("1")).await.unwrap();
    assert!(journal.complete(&key, &answer("2")).await.unwrap_err().is_conflict());
    let answered = journal.earlier(&key, NOON).await.unwrap();
    assert_eq!(answered, Some(Earlier::Answered(answer("1"))));
}

#[tokio::test]
async fn a_key_stands_for_one_request_of_one_caller() {
    let ((journal, _place), key) = (empty().await, asked(UserId::generate(), "k"));
    make(&journal, &key, NOON).await.unwrap();
    let other_request = Asked { fingerprint: [8; 32], ..key.clone() };
    let earlier = journal.earlier(&other_request, NOON).await.unwrap();
    assert_eq!(earlier, Some(Earlier::Another));
    assert!(make(&journal, &other_request, NOON).await.is_err());
    for other in [asked(UserId::generate(), "k"), asked(key.caller, "K"), asked(key.caller, "k ")] {
        assert_eq!(journal.earlier(&other, NOON).await.unwrap(), None);
        make(&journal, &other, NOON).await.unwrap();
    }
    let nothing = making(OrderId::generate(), Remember::NOTHING, NOON);
    assert_eq!(journal.commit(nothing).await.unwrap(), Committed::Now);
    assert_eq!(count(&journal, "idempotency_keys").await, 4);
}

#[tokio::test]
async fn after_a_day_a_key_is_new() {
    let ((journal, _place), key) = (empty().await, asked(UserId::generate(), "k"));
    let expiry = NOON.plus(ANSWERS_KEPT_FOR);
    let first = make(&journal, &key, NOON).await.unwrap();
    let answered = Earlier::Answered(render(&first).unwrap());
    assert_eq!(journal.earlier(&key, expiry.minus(INSTANT)).await.unwrap(), Some(answered));
    assert!(make(&journal, &key, expiry.minus(INSTANT)).await.is_err());

    assert_eq!(journal.earlier(&key, expiry).await.unwrap(), None);
    let other_request = Asked { fingerprint: [8; 32], ..key.clone() };
    let second = make(&journal, &other_request, expiry).await.unwrap();
    let answered = Earlier::Answered(render(&second).unwrap());
    assert_eq!(journal.earlier(&other_request, expiry).await.unwrap(), Some(answered));
    assert_eq!(count(&journal, "idempotency_keys").await, 1, "the old one made room");
}

/// Takes every event.
struct Nowhere;

#[async_trait]
impl Bus for Nowhere {
    async fn publish(&self, _envelope: Arc<Envelope>) -> Result<(), PublishError> {
        Ok(())
    }
}

/// A relay that forgets as fast as it can.
fn forgetting(journal: &Journal, clock: &Arc<ManualClock>) -> (JoinHandle<()>, CancellationToken) {
    let every = Duration::from_millis(1);
    let options = RelayOptions { forget_every: every, poll: every, ..RelayOptions::default() };
    let stop = CancellationToken::new();
    let relay = Relay::new(journal.clone(), Arc::new(Nowhere), clock.clone(), options);
    (tokio::spawn(relay.run(stop.clone())), stop)
}

async fn one_is_left(journal: &Journal, table: &str) {
    let look = || async {
        let rows = count(journal, table).await;
        Ok::<_, StoreError>((rows == 1).then_some(()))
    };
    let forgotten = journal.wait_for(Duration::from_secs(30), look).await.unwrap();
    assert!(forgotten.is_some(), "{} are left in {table}", count(journal, table).await);
}

/// More than one round of forgetting takes; what is a moment younger stays.
#[tokio::test]
async fn the_relay_forgets_what_is_a_day_old() {
    const MANY: usize = 2500;
    let ((journal, _place), clock) = (empty().await, ManualClock::started());
    let caller = UserId::generate();
    let old: Vec<_> = (0..MANY).map(|n| asked(caller, &n.to_string())).collect();
    let now = clock.now();
    futures_util::future::join_all(old.iter().map(|key| make(&journal, key, now))).await;
    let younger = asked(caller, "younger");
    make(&journal, &younger, now.plus(INSTANT)).await.unwrap();
    assert_eq!(count(&journal, "idempotency_keys").await, MANY as i64 + 1);
    clock.advance(ANSWERS_KEPT_FOR);

    let (running, stop) = forgetting(&journal, &clock);
    one_is_left(&journal, "idempotency_keys").await;
    assert!(journal.earlier(&younger, clock.now()).await.unwrap().is_some());
    stop.cancel();
    running.await.unwrap();
    assert!(SystemClock.now() < clock.now(), "no real day has passed");
}

/// Each is known by when it was seen, not by when it was made.
#[tokio::test]
async fn the_relay_forgets_what_was_seen_long_ago() {
    const MANY: usize = 1500;
    let ((journal, _place), clock) = (empty().await, ManualClock::started());
    let see = async |event: EventId, at: Timestamp| {
        journal.commit(Changeset::new(at, Vec::new(), Vec::new()).handling(event)).await.unwrap()
    };
    let late = EventId::generate();
    let old: Vec<_> = (0..MANY).map(|_| EventId::generate()).collect();
    let now = clock.now();
    futures_util::future::join_all(old.iter().map(|event| see(*event, now))).await;
    clock.advance(RelayOptions::default().inbox_memory + Duration::from_secs(3600));
    assert_eq!(see(late, clock.now()).await, Committed::Now);
    assert_eq!(count(&journal, "inbox").await, MANY as i64 + 1);

    let (running, stop) = forgetting(&journal, &clock);
    one_is_left(&journal, "inbox").await;
    assert_eq!(see(late, clock.now()).await, Committed::Earlier);
    assert_eq!(see(old[0], clock.now()).await, Committed::Now);
    stop.cancel();
    running.await.unwrap();
}
