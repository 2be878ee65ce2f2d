//! Who fails to sign in again and again has to wait.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use http_kit::ClientAddress;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::world::{EMAIL, PASSWORD, Reply, World, credentials, form_messages, registration};

const WRONG: &str = "wrong horse";

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// How long a refused attempt has to wait; none when it was made.
fn wait_of(reply: &Reply) -> Option<u64> {
    if reply.status != 429 {
        assert!(reply.status == 200 || reply.status == 400, "{reply:?}");
        return None;
    }
    let wait = reply.headers["retry-after"].to_str().unwrap().parse().unwrap();
    let error = &reply.json["error"];
    assert_eq!((&error["code"], &error["status"]), (&json!(429), &json!("Too Many Requests")));
    let reason = format!("Too many attempts failed. Try again in {wait} seconds.");
    assert_eq!(error["reason"], reason);
    Some(wait)
}

async fn try_once(world: &World, identifier: &str, password: &str) -> Option<u64> {
    wait_of(&world.submit("login", credentials(identifier, password)).await)
}

async fn from(world: &World, address: &str, kind: &str, body: Value) -> Reply {
    let path = format!("/self-service/{kind}?flow={}", world.start(kind).await);
    let request = Request::post(path).header("content-type", "application/json");
    let mut request = request.body(Body::from(body.to_string())).unwrap();
    let address: IpAddr = address.parse().unwrap();
    request.extensions_mut().insert(ClientAddress(address));
    world.send(request).await
}

/// The same for an account that is there and one that isn't.
#[tokio::test]
async fn the_wait_grows_whether_or_not_there_is_an_account() {
    let world = World::new().await;
    world.signed_in().await;
    for identifier in [EMAIL, "nobody@example.com", "no address"] {
        for _ in 0..5 {
            assert_eq!(try_once(&world, identifier, WRONG).await, None);
        }
        for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            assert_eq!(try_once(&world, identifier, WRONG).await, Some(wait), "{identifier}");
            assert_eq!(
                try_once(&world, identifier, PASSWORD).await,
                Some(wait),
                "the right one, too"
            );
            world.advance(seconds(wait) - Duration::from_millis(1));
            assert_eq!(try_once(&world, identifier, WRONG).await, Some(1), "to the very end");
            world.advance(Duration::from_millis(1));
            assert_eq!(try_once(&world, identifier, WRONG).await, None);
        }
    }
    assert_eq!(world.count("sessions").await, 1);
}

#[tokio::test]
async fn another_spelling_is_the_same_account_and_others_are_not_held_up() {
    let world = World::new().await;
    world.signed_in().await;
    world.register("bob@example.com").await;
    for identifier in [EMAIL, "ADA@example.com", " ada@example.com ", "Ada@Example.Com", EMAIL] {
        assert_eq!(try_once(&world, identifier, WRONG).await, None);
    }
    assert_eq!(try_once(&world, "aDa@example.com", PASSWORD).await, Some(1));
    assert_eq!(try_once(&world, "bob@example.com", PASSWORD).await, None);
}

#[tokio::test]
async fn the_right_password_makes_good_for_the_wrong_ones() {
    let world = World::new().await;
    world.signed_in().await;
    for _ in 0..3 {
        for _ in 0..4 {
            assert_eq!(try_once(&world, EMAIL, WRONG).await, None);
        }
        let right = world.submit("login", credentials(EMAIL, PASSWORD)).await;
        assert_eq!(right.status, 200);
    }
}

#[tokio::test]
async fn who_waits_an_hour_starts_anew() {
    let world = World::new().await;
    for _ in 0..5 {
        try_once(&world, EMAIL, WRONG).await;
    }
    assert_eq!(try_once(&world, EMAIL, WRONG).await, Some(1));
    world.advance(seconds(3600));
    for _ in 0..5 {
        assert_eq!(try_once(&world, EMAIL, WRONG).await, None);
    }
}

/// One address that tries one password at many accounts.
#[tokio::test]
async fn an_address_has_to_wait_whomever_it_guesses_at() {
    let world = World::new().await;
    world.signed_in().await;
    for number in 0..20 {
        let body = credentials(&format!("user{number}@example.com"), WRONG);
        let reply = from(&world, "2001:db8:0:1::1", "login", body).await;
        assert_eq!(form_messages(&reply), [4_000_006]);
    }
    let right = || credentials(EMAIL, PASSWORD);
    for neighbour in ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2"] {
        assert_eq!(wait_of(&from(&world, neighbour, "login", right()).await), Some(1));
    }
    assert_eq!(from(&world, "2001:db8:0:2::1", "login", right()).await.status, 200);
    assert_eq!(from(&world, "192.0.2.1", "login", right()).await.status, 200);
    world.advance(seconds(1));
    let reply = from(&world, "2001:db8:0:1::1", "login", right()).await;
    assert_eq!(reply.status, 200);
    let wrong = credentials("user99@example.com", WRONG);
    assert_eq!(from(&world, "2001:db8:0:1::1", "login", wrong).await.status, 400);
    let wait = wait_of(&from(&world, "2001:db8:0:1::1", "login", right()).await);
    assert_eq!(wait, Some(2), "one's own password makes good for nobody else's");
}

/// Registering is the other way to ask whether somebody has an account.
#[tokio::test]
async fn an_address_that_asks_who_is_registered_has_to_wait() {
    let world = World::new().await;
    world.signed_in().await;
    for number in 0..30 {
        let body = registration(&format!("new{number}@example.com"), PASSWORD);
        assert_eq!(from(&world, "192.0.2.1", "registration", body).await.status, 200);
    }
    let taken = || registration(EMAIL, PASSWORD);
    for _ in 0..20 {
        let reply = from(&world, "192.0.2.1", "registration", taken()).await;
        assert_eq!(form_messages(&reply), [4_000_001]);
    }
    for body in [taken(), registration("free@example.com", PASSWORD)] {
        assert_eq!(wait_of(&from(&world, "192.0.2.1", "registration", body).await), Some(1));
    }
    let weak = || registration("free@example.com", "password");
    let reply = from(&world, "192.0.2.1", "registration", weak()).await;
    assert_eq!(wait_of(&reply), Some(1), "its password is not judged either");
    assert_eq!(from(&world, "192.0.2.2", "registration", weak()).await.status, 400);
    assert_eq!(from(&world, "192.0.2.2", "registration", taken()).await.status, 400);
    assert_eq!(from(&world, "192.0.2.1", "login", credentials(EMAIL, PASSWORD)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_guesses_at_once_five_are_compared() {
    let world = std::sync::Arc::new(World::new().await);
    world.signed_in().await;
    let mut guesses = tokio::task::JoinSet::new();
    for number in 0..100 {
        let world = std::sync::Arc::clone(&world);
        guesses.spawn(async move {
            world.submit("login", credentials(EMAIL, &format!("{WRONG} {number}"))).await.status
        });
    }
    let statuses = guesses.join_all().await;
    let compared = statuses.iter().filter(|status| **status == 400).count();
    let held_up = statuses.iter().filter(|status| **status == 429).count();
    assert_eq!((compared, held_up), (5, 95));
}

#[tokio::test]
async fn a_browser_is_told_to_wait_as_well() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let flow = browser.script("/self-service/login/browser").await;
    for _ in 0..5 {
        assert_eq!(browser.post_json(&flow, credentials(EMAIL, WRONG)).await.status, 400);
    }
    let reply = browser.post_json(&flow, credentials(EMAIL, WRONG)).await;
    assert_eq!(wait_of(&reply), Some(1));
    let fields = [("method", "password"), ("identifier", EMAIL), ("password", WRONG)];
    assert_eq!(wait_of(&browser.post_form(&flow, &fields).await), Some(1));
}

#[tokio::test]
async fn it_can_be_turned_off_for_a_load_test() {
    let world = World::with(|options| options.throttle = false).await;
    for _ in 0..50 {
        assert_eq!(try_once(&world, EMAIL, WRONG).await, None);
    }
}
