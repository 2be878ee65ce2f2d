//! Whoever is signed in is counted as a user, by whichever route: the limit of their address is not
//! the only one.

use std::num::NonZeroU32;

use axum::body::Body;
use axum::http::{Method, Request};
use http_kit::rate_limit::Rates;
use serde_json::json;

use crate::browser::Browser;
use crate::world::{EMAIL, Reply, World};

const ADDRESS: u32 = 1000;
const READS: u32 = 40;
const WRITES: u32 = 30;

fn rates(user_reads: u32, user_writes: u32) -> Rates {
    let rate = |rate| NonZeroU32::new(rate).unwrap();
    Rates {
        address_reads: rate(ADDRESS),
        address_writes: rate(ADDRESS),
        user_reads: rate(user_reads),
        user_writes: rate(user_writes),
        burst_seconds: NonZeroU32::MIN,
    }
}

/// The limit that the answer tells of: the nearer one.
fn limit_of(reply: &Reply) -> u32 {
    reply.headers["ratelimit-limit"].to_str().unwrap().parse().unwrap()
}

async fn send(world: &World, method: Method, path: &str, token: &str) -> Reply {
    let request = Request::builder().method(method).uri(path).header("x-session-token", token);
    let request = request.header("content-type", "application/json");
    world.send(request.body(Body::from("{}")).unwrap()).await
}

#[tokio::test]
async fn every_route_counts_the_user_of_a_session() {
    let world = World::limited(&rates(READS, WRITES)).await;
    let token = world.signed_in().await;
    let flow = send(&world, Method::GET, "/self-service/settings/api", &token).await;
    assert_eq!((flow.status, limit_of(&flow)), (200, WRITES), "a flow is a row");
    let flow = flow.json["id"].as_str().unwrap().to_owned();
    for (method, path, status, limit) in [
        (Method::GET, "/sessions/whoami".to_owned(), 200, READS),
        (Method::GET, "/sessions".to_owned(), 200, READS),
        (Method::GET, "/api/users/current-user".to_owned(), 200, READS),
        (Method::GET, format!("/self-service/settings/flows?id={flow}"), 200, READS),
        (Method::GET, "/self-service/login/browser".to_owned(), 400, WRITES),
        (Method::GET, "/self-service/login/api?refresh=true".to_owned(), 200, WRITES),
        (Method::POST, format!("/self-service/settings?flow={flow}"), 400, WRITES),
        (Method::DELETE, "/sessions".to_owned(), 200, WRITES),
        (Method::DELETE, format!("/sessions/{flow}"), 204, WRITES),
    ] {
        let reply = send(&world, method.clone(), &path, &token).await;
        assert_eq!((reply.status, limit_of(&reply)), (status, limit), "{method} {path}");
        let nobody = send(&world, method.clone(), &path, "made up").await;
        assert_eq!(limit_of(&nobody), ADDRESS, "{method} {path}, without a session");
    }
}

#[tokio::test]
async fn a_browser_that_signs_out_is_counted_as_its_user() {
    let world = World::limited(&rates(READS, WRITES)).await;
    world.register(EMAIL).await;
    let mut browser = Browser::signed_in(&world).await;
    let link = browser.script("/self-service/logout/browser").await;
    assert_eq!((link.status, limit_of(&link)), (200, READS));
    let path =
        format!("/self-service/logout?token={}", link.json["logout_token"].as_str().unwrap());
    let reply = browser.script(&path).await;
    assert_eq!((reply.status, limit_of(&reply)), (204, WRITES));
}

#[tokio::test]
async fn a_user_who_asks_too_often_is_refused() {
    let world = World::limited(&rates(1, 1)).await;
    let token = world.signed_in().await;
    for path in ["/sessions/whoami", "/sessions"] {
        let mut refused = None;
        for _ in 0..100 {
            let reply = send(&world, Method::GET, path, &token).await;
            if reply.status != 200 {
                refused = Some(reply);
                break;
            }
        }
        let refused = refused.unwrap();
        assert_eq!(refused.status, 429, "{refused:?}");
        assert_eq!(refused.headers["content-type"], "application/problem+json");
        assert_eq!(refused.headers["retry-after"], "1");
        assert_eq!(refused.json["type"], json!("/errors/too-many-requests"));
        assert_eq!(world.get("/sessions/whoami").await.status, 401, "others are not held up");
    }
}
