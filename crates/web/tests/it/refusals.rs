//! What the edge refuses by itself: people get a page, programs the document.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use http::{Method, header};
use http_kit::admission::Admission;
use http_kit::protection::Protection;
use http_kit::rate_limit::{RateLimits, Rates};
use http_kit::request_body::{BODY_MAX, RequestBodies};
use serde_json::Value;

use crate::world::{Mood, SECRET, SESSION, Shown, World};

/// A page in English that says `words` and nothing of the inside.
#[track_caller]
fn is_page(shown: &Shown, status: u16, words: &str) {
    assert_eq!(shown.status, status, "{words}");
    assert_eq!(shown.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
    assert_eq!(shown.headers[header::CONTENT_LANGUAGE], "en");
    assert!(shown.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("'self'"));
    assert_eq!(shown.headers[header::CACHE_CONTROL], "private, no-store");
    shown.says(words);
    shown.does_not_say(SECRET);
}

/// One address may ask once, and then once a second.
fn hasty() -> Protection {
    let rates = Rates::all(NonZeroU32::MIN, NonZeroU32::MIN);
    Protection { rate_limits: Some(Arc::new(RateLimits::new(&rates))), ..Protection::default() }
}

#[tokio::test]
async fn who_asks_too_often_is_told_in_a_page() {
    for (language, words) in [("en", "One moment, please"), ("de", "Einen Augenblick, bitte")] {
        let world = World::behind(hasty(), language);
        world.get("/robots.txt").await;
        let page = world.get("/?q=Anchors&min=1").await;
        assert_eq!(page.headers[header::CONTENT_LANGUAGE], language);
        page.says(words);
        page.says("<a class=\"button\" href=\"/?q=Anchors&amp;min=1\">");
        assert_eq!(
            (page.status.as_u16(), &page.headers[header::RETRY_AFTER]),
            (429, &"1".parse().unwrap())
        );
        assert_eq!(page.headers["ratelimit-remaining"], "0");
        let hostile = world.get("//evil.example/").await;
        assert_eq!(hostile.status, 429);
        hostile.does_not_say("href=\"//evil.example");
    }
}

#[tokio::test]
async fn programs_get_the_document_and_so_does_whoever_asks_the_api() {
    let world = World::behind(hasty(), "en");
    world.get("/robots.txt").await;
    let of = async |path: &str, accept: &'static str| {
        let mut request = world.request(Method::GET, path).body(Body::empty()).unwrap();
        request.headers_mut().insert(header::ACCEPT, accept.parse().unwrap());
        world.answer(request).await
    };
    for (path, accept) in [
        ("/", "*/*"),
        ("/orders", "application/json"),
        ("/live?ticket=1", "text/event-stream"),
        ("/api/tickets", "text/html,*/*;q=0.8"),
    ] {
        let document = of(path, accept).await;
        assert_eq!(document.headers[header::CONTENT_TYPE], "application/problem+json", "{path}");
        let problem: Value = serde_json::from_str(&document.html).unwrap();
        assert_eq!(problem["type"], "/errors/too-many-requests");
    }
}

#[tokio::test]
async fn what_is_too_large_or_too_long_is_said() {
    let world = World::new();
    let form = format!("description={}", "a".repeat(BODY_MAX));
    let page = world.send(Method::POST, "/sell", form).await;
    is_page(&page, 413, "Go back, shorten what you typed");
    assert_eq!(page.headers[header::CONNECTION], "close");
    page.does_not_say("Look again");
    let page = world.get(&format!("/?q={}", "a".repeat(9000))).await;
    is_page(&page, 414, "This address is too long");
    world.keep(&format!("junk={}", "a".repeat(17 * 1024)));
    is_page(&world.get("/").await, 431, "delete this site’s cookies");
}

#[tokio::test]
async fn when_there_is_too_much_to_do_a_page_says_so() {
    let admission = Admission::new(0);
    let world = World::behind(Protection { admission, ..Protection::default() }, "en");
    let page = world.get("/orders").await;
    is_page(&page, 503, "Very many people are here");
    assert_eq!(page.headers[header::RETRY_AFTER], "1");
    page.says("href=\"/orders\">Look again");
    world.send(Method::POST, "/sell", String::new()).await.does_not_say("Look again");
}

#[tokio::test]
async fn what_another_site_had_the_browser_send_is_not_done() {
    let world = World::new();
    let request = world
        .request(Method::POST, "/sessions")
        .header("sec-fetch-site", "cross-site")
        .header(header::COOKIE, SESSION);
    let page = world.answer(request.body(Body::empty()).unwrap()).await;
    is_page(&page, 403, "This came from another site");
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_ends_with_a_page() {
    let bodies = RequestBodies::new(Duration::from_secs(10), BODY_MAX);
    let world = World::behind(Protection { bodies, ..Protection::default() }, "en");
    let token = world.token().await;
    world.is(Mood::Silent);
    is_page(&world.get("/").await, 504, "Try again in a moment; nothing was changed");
    let form = format!("csrf={token}&title=abc&price=1");
    let page = world.send(Method::POST, "/sell", form).await;
    is_page(&page, 504, "We don’t know whether that worked");
    let body = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    let page = world.answer(world.request(Method::POST, "/sell").body(body).unwrap()).await;
    is_page(&page, 408, "That took too long to arrive");
}

#[tokio::test]
async fn a_fault_of_ours_has_a_page_and_stays_inside() {
    let world = World::new();
    world.is(Mood::Broken);
    is_page(&world.get("/").await, 500, "Something went wrong on our side");
}
