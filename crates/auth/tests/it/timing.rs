//! What time tells: not whether somebody has an account. Measured as ratios within one run, with
//! room for a busy machine; without a hash for the unknown the ratio is above ten.

use std::time::{Duration, Instant};

use auth::HashCost;
use serde_json::Value;

use crate::world::{EMAIL, PASSWORD, World, credentials, registration};

const ROUNDS: usize = 15;

/// A cost that outweighs everything else in a request.
async fn world() -> World {
    World::with(|options| {
        options.hash_cost = HashCost { memory_kib: 8 * 1024, iterations: 2 };
        options.throttle = false;
    })
    .await
}

/// How long `body` takes, without what it takes to start its flow.
async fn time(world: &World, kind: &str, body: Value) -> Duration {
    let path = format!("/self-service/{kind}?flow={}", world.start(kind).await);
    let started = Instant::now();
    world.post(&path, body).await;
    started.elapsed()
}

fn assert_alike(mut one: Vec<Duration>, mut other: Vec<Duration>) {
    one.sort_unstable();
    other.sort_unstable();
    let ratio = one[ROUNDS / 2].as_secs_f64() / other[ROUNDS / 2].as_secs_f64();
    assert!((0.5..2.0).contains(&ratio), "{ratio}: {one:?} {other:?}");
}

#[tokio::test]
async fn a_wrong_password_takes_as_long_as_an_unknown_email() {
    let world = world().await;
    world.signed_in().await;
    let (mut known, mut unknown, mut odd) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        known.push(time(&world, "login", credentials(EMAIL, "wrong horse")).await);
        unknown.push(time(&world, "login", credentials("b@example.com", "wrong horse")).await);
        odd.push(time(&world, "login", credentials("no address", "wrong horse")).await);
    }
    assert_alike(known.clone(), unknown);
    assert_alike(known, odd);
}

#[tokio::test]
async fn a_taken_email_takes_as_long_as_a_free_one() {
    let world = world().await;
    world.signed_in().await;
    let (mut taken, mut free) = (Vec::new(), Vec::new());
    for number in 0..ROUNDS {
        taken.push(time(&world, "registration", registration(EMAIL, PASSWORD)).await);
        let email = format!("new{number}@example.com");
        free.push(time(&world, "registration", registration(&email, PASSWORD)).await);
    }
    assert_alike(taken, free);
}

/// After an operator has raised the cost, whoever signs in is compared at today's from then on.
#[tokio::test]
async fn a_hash_of_an_older_cost_is_renewed_by_a_sign_in() {
    let world = world().await;
    world.signed_in().await;
    let hash = async || -> String {
        let rows = world.journal.query("select password_hash from identities", []).await.unwrap();
        rows[0].get(0).unwrap()
    };
    let today = hash().await;
    assert!(today.starts_with("$argon2id$v=19$m=8192,t=2,p=1$"), "{today}");
    assert_eq!(world.submit("login", credentials(EMAIL, PASSWORD)).await.status, 200);
    assert_eq!(hash().await, today, "a hash of today's cost stays");

    let cheaper = World::over(world.journal.clone(), HashCost { memory_kib: 8, iterations: 1 });
    assert_eq!(cheaper.submit("login", credentials(EMAIL, "wrong horse")).await.status, 400);
    assert_eq!(hash().await, today, "nothing is renewed for a guess");
    assert_eq!(cheaper.submit("login", credentials(EMAIL, PASSWORD)).await.status, 200);
    let renewed = hash().await;
    assert!(renewed.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{renewed}");
    assert_eq!(world.submit("login", credentials(EMAIL, PASSWORD)).await.status, 200);
}
