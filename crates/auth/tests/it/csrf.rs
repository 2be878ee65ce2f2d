//! Forms that come from somewhere else than their page: refused, and nothing comes of them.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::browser::{Browser, action_of, csrf_of, location_of};
use crate::world::{EMAIL, PASSWORD, Reply, World, credentials, registration};

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

fn assert_violation(reply: &Reply) {
    assert_eq!(reply.status, 403, "{reply:?}");
    let error = &reply.json["error"];
    assert_eq!(error["id"], "security_csrf_violation");
    assert_eq!((&error["code"], &error["status"]), (&json!(403), &json!("Forbidden")));
}

fn with_token(mut body: Value, token: &str) -> String {
    body["csrf_token"] = json!(token);
    body.to_string()
}

#[tokio::test]
async fn a_form_without_its_token_is_refused() {
    let world = World::new().await;
    world.signed_in().await;
    let mut browser = Browser::new(&world);
    let flow = browser.script("/self-service/login/browser").await;
    let another = browser.script("/self-service/login/browser").await;
    let (path, token) = (action_of(&flow), csrf_of(&flow));
    let secret = browser.jar.values().next().unwrap().clone();
    let upper = token.to_uppercase();
    let foreign = csrf_of(&another);
    for wrong in ["", "x", &token[1..], &upper, &foreign, &secret, "AAAA"] {
        let body = with_token(credentials(EMAIL, PASSWORD), wrong);
        assert_violation(&browser.send(Method::POST, &path, JSON, body).await);
    }
    for odd in [json!(null), json!(1), json!([token]), json!({ "token": token })] {
        let mut body = credentials(EMAIL, PASSWORD);
        body["csrf_token"] = odd;
        assert_violation(&browser.send(Method::POST, &path, JSON, body.to_string()).await);
    }
    let body = credentials(EMAIL, PASSWORD).to_string();
    assert_violation(&browser.send(Method::POST, &path, JSON, body.clone()).await);
    let fields = [("method", "password"), ("identifier", EMAIL), ("password", PASSWORD)];
    assert_violation(&browser.post_bare_form(&path, &fields).await);
    assert_eq!(world.count("sessions").await, 1);

    let header = [JSON, &[("x-csrf-token", token.as_str())]].concat();
    let reply = browser.send(Method::POST, &path, &header, body).await;
    assert_eq!(reply.status, 200, "the token may stand in its header: {reply:?}");
}

#[tokio::test]
async fn a_form_in_another_browser_is_refused() {
    let world = World::new().await;
    let mut mine = Browser::new(&world);
    let mut yours = Browser::new(&world);
    let flow = mine.script("/self-service/registration/browser").await;
    yours.script("/self-service/registration/browser").await;
    let body = with_token(registration(EMAIL, PASSWORD), &csrf_of(&flow));
    assert_violation(&yours.send(Method::POST, &action_of(&flow), JSON, body.clone()).await);
    let mut bare = Browser::new(&world);
    assert_violation(&bare.send(Method::POST, &action_of(&flow), JSON, body).await);
    let id = flow.json["id"].as_str().unwrap();
    let path = format!("/self-service/registration/flows?id={id}");
    assert_violation(&yours.script(&path).await);
    assert_violation(&bare.script(&path).await);
    for odd in ["", "x", "AAAA", "\"\""] {
        bare.jar.insert(mine.jar.keys().next().unwrap().clone(), odd.to_owned());
        assert_violation(&bare.script(&path).await);
    }
    assert_eq!(world.count("identities").await, 0);
    assert_eq!(mine.script(&path).await.status, 200);
}

#[tokio::test]
async fn two_pages_of_one_browser_do_not_disturb_each_other() {
    let world = World::new().await;
    world.signed_in().await;
    let mut browser = Browser::new(&world);
    let first = browser.script("/self-service/login/browser").await;
    browser.script("/self-service/login/browser").await;
    let reply = browser.post_json(&first, credentials(EMAIL, PASSWORD)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test]
async fn a_submitted_form_can_not_be_replayed() {
    let world = World::new().await;
    world.signed_in().await;
    let mut browser = Browser::new(&world);
    let flow = browser.script("/self-service/login/browser").await;
    let jar = browser.jar.clone();
    assert_eq!(browser.post_json(&flow, credentials(EMAIL, PASSWORD)).await.status, 200);
    browser.jar = jar;
    assert_eq!(browser.post_json(&flow, credentials(EMAIL, PASSWORD)).await.status, 404);
    assert_eq!(world.count("sessions").await, 2);
}

/// What a page could make a browser send for a flow that a native client, the attacker's own,
/// has started.
#[tokio::test]
async fn a_native_flow_takes_nothing_from_a_browser() {
    let world = World::new().await;
    world.signed_in().await;
    let mut browser = Browser::signed_in(&world).await;
    for (kind, body) in [
        ("registration", registration("bob@example.com", PASSWORD)),
        ("login", credentials(EMAIL, PASSWORD)),
    ] {
        let path = format!("/self-service/{kind}?flow={}", world.start(kind).await);
        let with_cookies = browser.send(Method::POST, &path, JSON, body.to_string()).await;
        assert_eq!(with_cookies.status, 400);
        let reason = with_cookies.json["error"]["reason"].as_str().unwrap();
        assert!(reason.contains("included the \"Cookie\" key"), "{reason}");
        let mut bare = Browser::new(&world);
        let from_page = [JSON, &[("origin", "https://evil.example")]].concat();
        let reply = bare.send(Method::POST, &path, &from_page, body.to_string()).await;
        assert_eq!(reply.status, 400);
        assert!(reply.json["error"]["reason"].as_str().unwrap().contains("\"Origin\" key"));
        let other_cookie = [JSON, &[("cookie", "theme=dark; __cf_bm=x")]].concat();
        let reply = bare.send(Method::POST, &path, &other_cookie, body.to_string()).await;
        assert_eq!(reply.status, 200, "a cookie that isn't ours: {reply:?}");
    }
}

#[tokio::test]
async fn an_html_form_is_read_as_strictly_as_json() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    let flow = browser.script("/self-service/registration/browser").await;
    let good = [("method", "password"), ("traits.email", EMAIL), ("password", PASSWORD)];
    let repeated = [&good[..], &[("password", "another horse")]].concat();
    let reply = browser.post_form(&flow, &repeated).await;
    assert_eq!((reply.status, &reply.json["error"]["code"]), (400, &json!(400)));
    let many: Vec<String> = (0..40).map(|number| format!("f{number}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "x")).collect();
    assert_eq!(browser.post_form(&flow, &many).await.status, 400);
    let unknown = [&good[..], &[("role", "admin")]].concat();
    assert_eq!(browser.post_form(&flow, &unknown).await.status, 303);
    let id = flow.json["id"].as_str().unwrap();
    let shown = browser.script(&format!("/self-service/registration/flows?id={id}")).await;
    assert_eq!(shown.json["ui"]["messages"][0]["id"], 4_000_001);
    let headers = [("content-type", "multipart/form-data; boundary=x")];
    let reply = browser.send(Method::POST, &action_of(&flow), &headers, "--x--".into()).await;
    assert_eq!(reply.status, 415);
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    for odd in ["", "%", "&&&===", "%ff%00=%00", "csrf_token"] {
        let reply = browser.send(Method::POST, &action_of(&flow), &headers, odd.to_owned()).await;
        assert_violation(&reply);
    }
    assert_eq!(world.count("identities").await, 0);
    assert_eq!(browser.post_form(&flow, &good).await.status, 303);
    assert_eq!(world.count("identities").await, 1);
}

#[tokio::test]
async fn a_browser_that_comes_too_late_gets_a_new_form() {
    let world = World::new().await;
    world.signed_in().await;
    let mut browser = Browser::new(&world);
    let flow = browser.script("/self-service/login/browser?return_to=/orders").await;
    world.advance(Duration::from_secs(3600));
    let id = flow.json["id"].as_str().unwrap();
    let shown = browser.script(&format!("/self-service/login/flows?id={id}")).await;
    assert_eq!(shown.status, 410);
    let details = json!({
        "redirect_to": "http://localhost:3000/self-service/login/browser", "return_to": "/orders"
    });
    assert_eq!(shown.json["error"]["details"], details);
    let fields = [("method", "password"), ("identifier", EMAIL), ("password", PASSWORD)];
    let late = browser.post_form(&flow, &fields).await;
    assert_eq!(late.status, 303);
    let next = location_of(&late).strip_prefix("http://localhost:3000/login?flow=").unwrap();
    let next = browser.script(&format!("/self-service/login/flows?id={next}")).await;
    assert_eq!(next.json["ui"]["messages"][0]["id"], 4_010_001);
    let reply = browser.post_form(&next, &fields).await;
    assert_eq!((reply.status, location_of(&reply)), (303, "/orders"), "it is the same attempt");
}

#[tokio::test]
async fn neither_secret_nor_token_is_stored() {
    let world = World::new().await;
    world.signed_in().await;
    let mut browser = Browser::new(&world);
    let flow = browser.script("/self-service/login/browser").await;
    let rows = world.journal.query("select csrf_hash, form from flows", []).await.unwrap();
    let stored: Vec<String> = vec![rows[0].get(0).unwrap(), rows[0].get(1).unwrap()];
    for secret in [csrf_of(&flow), browser.jar.values().next().unwrap().clone()] {
        assert!(!stored.concat().contains(&secret));
    }
    let mut thief = Browser::new(&world);
    thief.jar.insert(browser.jar.keys().next().unwrap().clone(), stored[0].clone());
    let id = flow.json["id"].as_str().unwrap();
    assert_violation(&thief.script(&format!("/self-service/login/flows?id={id}")).await);
}
