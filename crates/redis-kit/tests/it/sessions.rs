//! A session that has ended is nobody's: at once, for everybody, whichever process asks.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use kernel::{Clock, IdentityId, SessionId, SystemClock, Timestamp, UserId};
use ory::{PortError, SessionEndings, Sessions, SignedIn};
use redis_kit::{CachedSessions, RedisEndings, SessionOptions};
use testkit::ManualClock;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, yield_now};

use crate::support::Own;

/// Auth's database: what it says now, to one who takes a while to hear it.
pub(crate) struct Auth {
    live: Mutex<HashMap<String, SignedIn>>,
    pub(crate) asked: AtomicUsize,
    /// Answers that may leave; what they say was read before.
    pub(crate) answers: Semaphore,
}

impl Auth {
    pub(crate) fn new() -> Arc<Self> {
        let (live, asked) = (Mutex::default(), AtomicUsize::new(0));
        Arc::new(Self { live, asked, answers: Semaphore::new(1_000_000) })
    }

    pub(crate) fn sign_in(&self, identity: IdentityId, expires_at: Timestamp) -> String {
        let session_id = SessionId::generate();
        let token = format!("ory_st_{session_id}");
        let email = "ada@example.test".to_owned();
        let (identity_id, user_id) = (identity, UserId::generate());
        let who = SignedIn { session_id, user_id, identity_id, email, expires_at };
        self.live.lock().unwrap().insert(token.clone(), who);
        token
    }

    /// What a commit does.
    pub(crate) fn end(&self, token: &str) {
        self.live.lock().unwrap().remove(token).unwrap();
    }

    /// So many answers stay on their way until they are let go.
    pub(crate) async fn hold_back(&self) {
        self.answers.acquire_many(1_000_000).await.unwrap().forget();
    }

    pub(crate) fn let_go(&self) {
        self.answers.add_permits(1_000_000);
    }
}

#[async_trait]
impl Sessions for Auth {
    async fn whoami(&self, token: &str) -> Result<Option<SignedIn>, PortError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let found = self.live.lock().unwrap().get(token).cloned();
        let _passed = self.answers.acquire().await.unwrap();
        yield_now().await;
        Ok(found)
    }
}

pub(crate) fn process(own: &Own, auth: &Arc<Auth>, clock: &Arc<dyn Clock>) -> Arc<CachedSessions> {
    // an answer is waited for on a busy machine, too
    let options = SessionOptions { patience: Duration::from_secs(1), ..SessionOptions::default() };
    process_with(own, auth, clock, options)
}

pub(crate) fn process_with(
    own: &Own,
    auth: &Arc<Auth>,
    clock: &Arc<dyn Clock>,
    options: SessionOptions,
) -> Arc<CachedSessions> {
    let (inner, clock): (Arc<dyn Sessions>, _) = (auth.clone(), Arc::clone(clock));
    Arc::new(CachedSessions::new(inner, own.redis(), clock, options))
}

pub(crate) fn endings(own: &Own) -> RedisEndings {
    RedisEndings::new(own.redis(), SessionOptions::default())
}

pub(crate) async fn is_known(sessions: &CachedSessions, token: &str) -> bool {
    sessions.whoami(token).await.unwrap().is_some()
}

#[tokio::test]
async fn what_one_process_has_asked_the_others_know_for_five_seconds() {
    let (own, auth, clock) = (Own::new(), Auth::new(), ManualClock::started());
    let shared: Arc<dyn Clock> = clock.clone();
    let [one, other] = [0, 1].map(|_| process(&own, &auth, &shared));
    let token = auth.sign_in(IdentityId::generate(), clock.now().plus(Duration::from_secs(60)));
    let first = one.whoami(&token).await.unwrap();
    for _ in 0..10 {
        assert_eq!(other.whoami(&token).await.unwrap(), first);
    }
    assert_eq!(auth.asked.load(Ordering::SeqCst), 1);
    clock.advance(Duration::from_secs(5));
    assert_eq!(other.whoami(&token).await.unwrap(), first);
    assert_eq!(auth.asked.load(Ordering::SeqCst), 2);
    assert!(!is_known(&one, "nobody's").await && !is_known(&one, &"a".repeat(9_000)).await);
    assert_eq!(auth.asked.load(Ordering::SeqCst), 4, "who is nobody isn't kept");
}

#[tokio::test]
async fn a_session_that_is_over_by_itself_is_not_known() {
    let (own, auth, clock) = (Own::new(), Auth::new(), ManualClock::started());
    let shared: Arc<dyn Clock> = clock.clone();
    let sessions = process(&own, &auth, &shared);
    let token = auth.sign_in(IdentityId::generate(), clock.now().plus(Duration::from_secs(2)));
    assert!(is_known(&sessions, &token).await);
    auth.end(&token);
    clock.advance(Duration::from_secs(2));
    assert!(!is_known(&sessions, &token).await);
}

/// All the moments at which a search can begin and be learned, beside an ending.
#[tokio::test]
async fn what_was_read_before_an_ending_is_not_learned_after_it() {
    let (own, auth, clock) = (Own::new(), Auth::new(), SystemClock::shared());
    let sessions = process(&own, &auth, &clock);
    let (mine, later) = (IdentityId::generate(), clock.now().plus(Duration::from_secs(60)));
    let endings = endings(&own);
    let ask = |token: &str| {
        let (sessions, token) = (Arc::clone(&sessions), token.to_owned());
        tokio::spawn(async move { is_known(&sessions, &token).await })
    };
    let tokens = [0; 4].map(|_| auth.sign_in(mine, later));
    let other = auth.sign_in(IdentityId::generate(), later);
    auth.hold_back().await;
    let before = [ask(&tokens[0]), ask(&tokens[1]), ask(&other)];
    while auth.asked.load(Ordering::SeqCst) < 3 {
        yield_now().await;
    }
    let ending = endings.begin(mine).await;
    let meanwhile = ask(&tokens[2]);
    while auth.asked.load(Ordering::SeqCst) < 4 {
        yield_now().await;
    }
    for token in &tokens[..3] {
        auth.end(token);
    }
    endings.finish(mine, ending).await;
    auth.let_go();
    for search in before.into_iter().chain([meanwhile]) {
        assert!(search.await.unwrap(), "it was live when it was read");
    }
    for token in &tokens[..3] {
        assert!(!is_known(&sessions, token).await, "it was learned nevertheless");
    }
    let asked = auth.asked.load(Ordering::SeqCst);
    assert!(is_known(&sessions, &other).await);
    assert_eq!(auth.asked.load(Ordering::SeqCst), asked, "somebody else's was learned");
    assert!(is_known(&sessions, &tokens[3]).await && is_known(&sessions, &tokens[3]).await);
    assert_eq!(auth.asked.load(Ordering::SeqCst), asked + 1, "one that was kept is learned again");
}

/// Asks who it is until nobody is. From the moment that anybody has heard so, and from the moment
/// that the end was answered, nobody may hear otherwise.
async fn watch(sessions: Arc<CachedSessions>, token: String, over: Arc<AtomicBool>) -> usize {
    let mut seen = 0;
    // bounded: the session ends
    loop {
        let is_over = over.load(Ordering::SeqCst);
        if !is_known(&sessions, &token).await {
            over.store(true, Ordering::SeqCst);
            return seen;
        }
        assert!(!is_over, "known after its end, seen {seen} times");
        seen += 1;
        yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_known_by_a_session_that_has_ended() {
    let (own, auth, clock) = (Own::new(), Auth::new(), SystemClock::shared());
    let processes = [0, 1].map(|_| process(&own, &auth, &clock));
    let (mine, endings) = (IdentityId::generate(), endings(&own));
    let mut seen = 0;
    for round in 0..100 {
        let later = clock.now().plus(Duration::from_secs(60));
        let [there, here] = [0; 2].map(|_| auth.sign_in(mine, later));
        let over = Arc::new(AtomicBool::new(false));
        let mut readers = JoinSet::new();
        for reader in 0..4 {
            let sessions = Arc::clone(&processes[reader % 2]);
            readers.spawn(watch(sessions, there.clone(), Arc::clone(&over)));
        }
        assert!(is_known(&processes[round % 2], &there).await);
        for _ in 0..round {
            yield_now().await;
        }
        let ending = endings.begin(mine).await;
        auth.end(&there);
        endings.finish(mine, ending).await;
        over.store(true, Ordering::SeqCst);
        while let Some(reader) = readers.join_next().await {
            seen += reader.unwrap();
        }
        assert!(is_known(&processes[0], &here).await, "round {round}: the other stays");
    }
    assert!(seen > 400, "the readers hardly read: {seen}");
}
