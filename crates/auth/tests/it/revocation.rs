//! A session that has ended is nobody's: at once, for everybody, whoever asks at the same time.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use auth::HashCost;
use axum::body::Body;
use axum::http::{Method, Request};
use ory::Sessions;
use outbox::Journal;
use serde_json::json;
use store::{Location, Store};
use tempfile::TempDir;
use tokio::task::{JoinSet, yield_now};

use crate::world::{EMAIL, PASSWORD, World, credentials, token_of};

const READERS: usize = 4;

/// On a file, where reads and writes go on at the same time.
fn world(folder: &TempDir) -> World {
    let migrations = [outbox::MIGRATIONS, auth::MIGRATIONS].concat();
    let path = folder.path().join("auth.db");
    let journal = Journal::new(Store::open(Location::File(&path), &migrations).unwrap());
    World::over(journal, HashCost { memory_kib: 8, iterations: 1 })
}

async fn sign_in(world: &World) -> String {
    token_of(&world.submit("login", credentials(EMAIL, PASSWORD)).await)
}

async fn delete(world: &World, token: &str, path: &str) -> u16 {
    let request = Request::builder().method(Method::DELETE).uri(path);
    let request = request.header("x-session-token", token);
    world.send(request.body(Body::empty()).unwrap()).await.status
}

async fn change_password(world: &World, token: &str) -> u16 {
    let flow = world.get_with("/self-service/settings/api", "x-session-token", token).await;
    let path = format!("/self-service/settings?flow={}", flow.json["id"].as_str().unwrap());
    let body = json!({ "method": "password", "password": PASSWORD }).to_string();
    let request = Request::post(path)
        .header("x-session-token", token)
        .header("content-type", "application/json");
    world.send(request.body(Body::from(body)).unwrap()).await.status
}

/// Asks who it is until nobody is. From the moment that anybody has heard so, and from the moment
/// that the end was answered, nobody may hear otherwise.
async fn watch(sessions: Arc<dyn Sessions>, token: String, over: Arc<AtomicBool>) -> usize {
    let mut seen = 0;
    // bounded: the session ends
    loop {
        let is_over = over.load(Ordering::SeqCst);
        if sessions.whoami(&token).await.unwrap().is_none() {
            over.store(true, Ordering::SeqCst);
            return seen;
        }
        assert!(!is_over, "known after its end, seen {seen} times");
        seen += 1;
        yield_now().await;
    }
}

/// Every way to end a session, beside others that ask and others that come and go.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_known_by_a_session_that_has_ended() {
    const ROUNDS: usize = 40;
    let folder = tempfile::tempdir().unwrap();
    let world = Arc::new(world(&folder));
    let mut here = world.signed_in().await;
    let sessions = world.auth.sessions();
    let mut seen = 0;
    for round in 0..ROUNDS {
        let there = sign_in(&world).await;
        let id = sessions.whoami(&there).await.unwrap().unwrap().session_id;
        let over = Arc::new(AtomicBool::new(false));
        let mut readers = JoinSet::new();
        for _ in 0..READERS {
            readers.spawn(watch(Arc::clone(&sessions), there.clone(), Arc::clone(&over)));
        }
        // what is known of the identity is forgotten and learned again meanwhile
        let passing = sign_in(&world).await;
        let ending = async {
            let status = match round % 4 {
                0 => world.sign_out(&there).await.status,
                1 => delete(&world, &here, &format!("/sessions/{id}")).await,
                2 => delete(&world, &here, "/sessions").await,
                _ => change_password(&world, &here).await,
            };
            over.store(true, Ordering::SeqCst);
            assert!((200..300).contains(&status), "round {round}: {status}");
        };
        let coming_and_going = async {
            world.sign_out(&passing).await;
        };
        tokio::join!(ending, coming_and_going);
        while let Some(reader) = readers.join_next().await {
            seen += reader.unwrap();
        }
        assert!(sessions.whoami(&there).await.unwrap().is_none(), "round {round}");
        assert_eq!(world.sign_out(&there).await.status, 204, "again is a success");
        assert!(sessions.whoami(&here).await.unwrap().is_some(), "round {round}: the other stays");
        if round % 8 == 7 {
            here = sign_in(&world).await;
        }
    }
    assert!(seen > 10 * ROUNDS, "the readers hardly read: {seen}");
}

/// Polls a request some times, and then goes away.
async fn ask_and_hang_up<T>(mut request: Pin<Box<impl Future<Output = T>>>, polls: usize) {
    for _ in 0..polls {
        if poll_fn(|context| Poll::Ready(request.as_mut().poll(context).is_ready())).await {
            return;
        }
        yield_now().await;
    }
}

/// Who signs out and doesn't wait for the answer is signed out or not; memory and database agree.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_hangs_up_leaves_no_session_that_is_known_in_memory_only() {
    const ROUNDS: usize = 160;
    let folder = tempfile::tempdir().unwrap();
    let world = world(&folder);
    world.signed_in().await;
    let sessions = world.auth.sessions();
    let mut ended = 0;
    for round in 0..ROUNDS {
        let token = sign_in(&world).await;
        assert!(sessions.whoami(&token).await.unwrap().is_some());
        ask_and_hang_up(Box::pin(world.sign_out(&token)), round % 16).await;
        // it may be learned again before the end is stored
        for _ in 0..round % 5 {
            let _either = sessions.whoami(&token).await.unwrap();
            yield_now().await;
        }
        // one writer stores in turn: with this, whatever was asked before is stored
        world.start("login").await;
        let is_live = world.whoami(&token).await.status == 200;
        let is_known = sessions.whoami(&token).await.unwrap().is_some();
        assert!(is_live || !is_known, "round {round}: it has ended, and is known");
        ended += usize::from(!is_live);
    }
    assert!((1..ROUNDS).contains(&ended), "{ended} of {ROUNDS} ended");
}
