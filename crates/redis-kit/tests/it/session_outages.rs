//! Redis dies, hangs, or loses what it knew, while sessions are used and ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kernel::{Clock, IdentityId, SystemClock, Timestamp};
use ory::SessionEndings;
use redis_kit::{CachedSessions, RedisEndings, SessionOptions};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::server::Server;
use crate::sessions::{Auth, endings, is_known, process, process_with};
use crate::support::{Own, reaches};

struct Scene {
    server: Server,
    own: Own,
    auth: Arc<Auth>,
    sessions: Arc<CachedSessions>,
    endings: RedisEndings,
    mine: IdentityId,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::started().await;
        let own = Own::of(server.url());
        let (auth, clock) = (Auth::new(), SystemClock::shared());
        let (sessions, endings) = (process(&own, &auth, &clock), endings(&own));
        Self { server, own, auth, sessions, endings, mine: IdentityId::generate() }
    }

    fn sign_in(&self) -> String {
        self.auth.sign_in(self.mine, Timestamp::from_micros(i64::MAX))
    }

    /// Whether Redis knows it: auth isn't asked.
    async fn is_cached(&self, token: &str) -> bool {
        let asked = self.auth.asked.load(Ordering::SeqCst);
        is_known(&self.sessions, token).await && self.auth.asked.load(Ordering::SeqCst) == asked
    }

    async fn cache(&self, token: &str) {
        reaches("it is known in Redis", async || self.is_cached(token).await).await;
    }

    /// Ends a session; answers how long that took.
    async fn end(&self, token: &str) -> Duration {
        let asked = Instant::now();
        let ending = self.endings.begin(self.mine).await;
        self.auth.end(token);
        self.endings.finish(self.mine, ending).await;
        asked.elapsed()
    }
}

/// What was written last may be lost when it dies. Nothing is known of what it knew before.
#[tokio::test]
async fn redis_knows_nobody_after_a_restart() {
    let mut scene = Scene::new().await;
    let (ended, kept) = (scene.sign_in(), scene.sign_in());
    scene.cache(&ended).await;
    scene.cache(&kept).await;
    // the log has this; what comes next, it has not
    let client = redis::Client::open(scene.server.url()).unwrap();
    let mut connection = client.get_connection().unwrap();
    let copy = copy_of_all(&mut connection, &scene.own.options.prefix);
    scene.end(&ended).await;
    assert!(!is_known(&scene.sessions, &ended).await);
    scene.server.kill();
    scene.server.start().await;
    // as the log would have it without its last second
    scene.server.flush();
    let mut connection = client.get_connection().unwrap();
    restore_all(&mut connection, &copy);
    for _ in 0..20 {
        assert!(!is_known(&scene.sessions, &ended).await);
        assert!(is_known(&scene.sessions, &kept).await);
    }
    scene.cache(&kept).await;
    assert!(!is_known(&scene.sessions, &ended).await);
}

type Copied = Vec<(String, i64, Vec<u8>)>;

fn copy_of_all(connection: &mut redis::Connection, prefix: &str) -> Copied {
    let keys: Vec<String> = redis::cmd("KEYS").arg(format!("{prefix}*")).query(connection).unwrap();
    let copied = keys.into_iter().map(|key| {
        let ttl: i64 = redis::cmd("PTTL").arg(&key).query(connection).unwrap();
        let value = redis::cmd("DUMP").arg(&key).query(connection).unwrap();
        (key, ttl.max(0), value)
    });
    copied.collect()
}

fn restore_all(connection: &mut redis::Connection, copy: &Copied) {
    for (key, ttl, value) in copy {
        let mut command = redis::cmd("RESTORE");
        command.arg(key).arg(ttl).arg(&value[..]).arg("REPLACE");
        command.exec(connection).unwrap();
    }
}

/// It is emptied while a search is under way: its clock of endings begins anew.
#[tokio::test]
async fn what_was_searched_before_redis_was_emptied_is_not_learned() {
    let scene = Scene::new().await;
    let token = scene.sign_in();
    for _ in 0..3 {
        let other = scene.sign_in();
        scene.end(&other).await;
    }
    scene.auth.hold_back().await;
    let asked = scene.auth.asked.load(Ordering::SeqCst);
    let search = {
        let (sessions, token) = (Arc::clone(&scene.sessions), token.clone());
        tokio::spawn(async move { is_known(&sessions, &token).await })
    };
    reaches("auth is asked", async || scene.auth.asked.load(Ordering::SeqCst) > asked).await;
    scene.server.flush();
    scene.end(&token).await;
    scene.auth.let_go();
    assert!(search.await.unwrap(), "it was live when it was read");
    for _ in 0..10 {
        assert!(!is_known(&scene.sessions, &token).await);
    }
}

/// Who ends a session doesn't reach Redis, and says so only when nobody is known by it any more.
#[tokio::test]
async fn an_end_that_redis_does_not_hear_of_is_waited_for() {
    let scene = Scene::new().await;
    let (early, late) = (scene.sign_in(), scene.sign_in());
    scene.cache(&early).await;
    scene.cache(&late).await;
    scene.server.signal("-STOP");
    let took = scene.end(&early).await;
    assert!(took > Duration::from_secs(6) && took < Duration::from_secs(8), "{took:?}");
    scene.server.signal("-CONT");
    for _ in 0..20 {
        assert!(!is_known(&scene.sessions, &early).await);
    }
    scene.cache(&late).await;
    // it is back in the middle: then there is nothing to wait for
    scene.server.signal("-STOP");
    let began = SystemClock.now();
    let ending = scene.end(&late);
    let back = async {
        reaches("a second", async || SystemClock.now() > began.plus(Duration::from_secs(1))).await;
        scene.server.signal("-CONT");
    };
    let (took, ()) = tokio::join!(ending, back);
    assert!(took > Duration::from_millis(900) && took < Duration::from_secs(4), "{took:?}");
    for _ in 0..20 {
        assert!(!is_known(&scene.sessions, &late).await);
    }
}

/// While it is away, auth is asked, and nobody waits for long.
#[tokio::test]
async fn while_redis_is_away_auth_is_asked() {
    let mut scene = Scene::new().await;
    let token = scene.sign_in();
    scene.cache(&token).await;
    scene.server.kill();
    let asked = Instant::now();
    for _ in 0..1_000 {
        assert!(is_known(&scene.sessions, &token).await);
    }
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    scene.server.start().await;
    scene.cache(&token).await;
}

/// Asks all the time; from the moment that the end was answered, nobody may be known.
async fn ask_on(sessions: Arc<CachedSessions>, token: String, over: Arc<AtomicBool>) {
    for checks in 0.. {
        let is_over = over.load(Ordering::SeqCst);
        let is_known = is_known(&sessions, &token).await;
        assert!(!(is_over && is_known), "known after its end");
        if is_over && checks > 50 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// One fault after the other, in the middle of sessions' ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_to_redis_nobody_is_known_after_the_end() {
    let mut server = Server::started().await;
    let own = Own::of(server.url());
    let (auth, clock) = (Auth::new(), SystemClock::shared());
    let options = SessionOptions {
        known_for: Duration::from_millis(600),
        clocks_differ_max: Duration::from_millis(100),
        ..SessionOptions::default()
    };
    let processes = [0, 1].map(|_| process_with(&own, &auth, &clock, options));
    let endings = RedisEndings::new(own.redis(), options);
    let mine = IdentityId::generate();
    for round in 0..24_u64 {
        let token = auth.sign_in(mine, Timestamp::from_micros(i64::MAX));
        let over = Arc::new(AtomicBool::new(false));
        let mut readers = JoinSet::new();
        for sessions in &processes {
            assert!(is_known(sessions, &token).await);
            readers.spawn(ask_on(Arc::clone(sessions), token.clone(), Arc::clone(&over)));
        }
        let ending = async {
            let ending = endings.begin(mine).await;
            auth.end(&token);
            endings.finish(mine, ending).await;
            over.store(true, Ordering::SeqCst);
        };
        let fault = async {
            // a little earlier or later, so that each part of the end is hit
            for _ in 0..round {
                tokio::task::yield_now().await;
            }
            match round % 4 {
                0 => {
                    server.kill();
                    server.start().await;
                }
                1 => server.flush(),
                2 => {
                    server.signal("-STOP");
                    reaches("it is answered", async || over.load(Ordering::SeqCst)).await;
                    server.signal("-CONT");
                }
                _ => {
                    server.signal("-STOP");
                    let pings = async || own.redis().health().await.latency.is_err();
                    reaches("nobody hears of it", pings).await;
                    server.signal("-CONT");
                }
            }
        };
        tokio::join!(ending, fault);
        while let Some(reader) = readers.join_next().await {
            reader.unwrap();
        }
    }
}
