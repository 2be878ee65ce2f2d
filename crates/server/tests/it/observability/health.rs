//! Health says what is so: a database that breaks, a disk without room, a writer that waits, and
//! the end.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::Value;
use testkit::TestPlatform;

use super::get;
use crate::one_process;

const CONTEXTS: [&str; 6] = ["auth", "card-sandbox", "expiration", "orders", "payments", "tickets"];

async fn health(exchange: &TestPlatform, path: &str) -> (u16, Value) {
    let (status, headers, text) = get(exchange, path, &[]).await;
    assert_eq!(headers["cache-control"], "no-store", "{path}");
    let body: Value = serde_json::from_str(&text).unwrap();
    let expected = if status == 200 { "ok" } else { "error" };
    assert_eq!(body["status"], expected, "{path}: {body}");
    (status, body["details"].clone())
}

/// Waits until `path` answers `status`; what was seen counts for a second.
async fn becomes(exchange: &TestPlatform, path: &str, status: u16) -> Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    // bounded: by the deadline
    loop {
        let (seen, details) = health(exchange, path).await;
        if seen == status {
            return details;
        }
        assert!(Instant::now() < deadline, "{path} stays {seen}: {details}\n{}", exchange.log());
        exchange.pass(Duration::from_millis(50)).await;
    }
}

fn down(details: &Value) -> Vec<&str> {
    let parts = details.as_object().unwrap().iter();
    parts.filter(|(_, part)| part["status"] == "down").map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn a_healthy_exchange_says_so_to_everybody_who_asks() {
    let exchange = one_process(&[]);
    let (status, details) = health(&exchange, "/api/health").await;
    assert_eq!(status, 200);
    let names: Vec<_> = details.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["auth", "card-sandbox", "disk", "expiration", "memory", "orders", "payments", "tickets"]
    );
    assert_eq!(health(&exchange, "/api/health/live").await.0, 200);
    assert_eq!(health(&exchange, "/api/health/ready").await.0, 200);
    for context in CONTEXTS {
        let (status, details) = health(&exchange, &format!("/api/health/{context}")).await;
        assert_eq!(status, 200);
        assert_eq!(details["relay"]["deadLetters"], 0);
        assert_eq!(details["writes"]["status"], "up");
    }
    for unknown in ["nothing", "..%2f", "disk", "%00"] {
        let (status, headers, _) = get(&exchange, &format!("/api/health/{unknown}"), &[]).await;
        assert_eq!(status, 404, "{unknown}");
        assert_eq!(headers["content-type"], "application/problem+json");
    }
}

/// What is answered to the public says nothing of where things are and how large.
#[tokio::test]
async fn health_tells_no_secrets() {
    let exchange = one_process(&[("HEALTH_DISK_FREE_MIN_MIB", "1000000000")]);
    let (_, _, text) = get(&exchange, "/api/health", &[]).await;
    assert!(!text.contains(&*exchange.data().to_string_lossy()), "{text}");
    assert!(!text.contains(|c: char| c.is_ascii_digit()), "no sizes: {text}");
}

#[tokio::test]
async fn a_disk_without_room_is_not_ready() {
    let exchange = one_process(&[("HEALTH_DISK_FREE_MIN_MIB", "1000000000")]);
    let (status, details) = health(&exchange, "/api/health/ready").await;
    assert_eq!((status, down(&details)), (503, vec!["disk"]));
    let (status, details) = health(&exchange, "/api/health").await;
    assert_eq!((status, down(&details)), (503, vec!["disk"]));
    assert_eq!(health(&exchange, "/api/health/live").await.0, 200, "no reason to be restarted");
    assert_eq!(health(&exchange, "/api/health/orders").await.0, 200);
    assert!(exchange.log().contains("A health check is down"));
}

#[tokio::test]
async fn too_much_memory_is_told_and_still_ready() {
    let exchange = one_process(&[("HEALTH_MEMORY_MAX_MIB", "16")]);
    let (status, details) = health(&exchange, "/api/health").await;
    assert_eq!((status, down(&details)), (503, vec!["memory"]));
    assert_eq!(health(&exchange, "/api/health/ready").await.0, 200);
}

/// One database breaks, is told apart from the others, and is well again without a restart.
#[tokio::test]
async fn a_broken_database_is_named_and_forgiven() {
    let exchange = one_process(&[]);
    let seller = exchange.person().await;
    seller.list_ticket("Before", 10.0).await;
    exchange.drain().await;
    let outside = Connection::open(exchange.data().join("tickets.db")).unwrap();
    outside.busy_timeout(Duration::from_secs(5)).unwrap();
    outside.execute_batch("alter table outbox rename to outbox_away").unwrap();

    let details = becomes(&exchange, "/api/health", 503).await;
    assert_eq!(down(&details), ["tickets"]);
    let (status, details) = health(&exchange, "/api/health/tickets").await;
    assert_eq!((status, down(&details)), (503, vec!["database"]));
    assert_eq!(health(&exchange, "/api/health/orders").await.0, 200);
    assert_eq!(becomes(&exchange, "/api/health/ready", 503).await["tickets"]["status"], "down");
    assert_eq!(health(&exchange, "/api/health/live").await.0, 200);

    outside.execute_batch("alter table outbox_away rename to outbox").unwrap();
    becomes(&exchange, "/api/health", 200).await;
    becomes(&exchange, "/api/health/ready", 200).await;
    seller.list_ticket("After", 10.0).await;
}

/// Another program holds the write lock: reads are well, writes are not, and once they could be
/// made again that is found out though nobody writes.
#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_waits_is_found_out_both_ways() {
    let exchange = one_process(&[]);
    let seller = exchange.person().await;
    let outside = Connection::open(exchange.data().join("tickets.db")).unwrap();
    outside.execute_batch("begin immediate").unwrap();
    let refused = seller.post("/api/tickets", serde_json::json!({"title": "Locked", "price": 1}));
    assert_eq!(refused.await.problem(), "unavailable");

    let details = becomes(&exchange, "/api/health/tickets", 503).await;
    assert_eq!(down(&details), ["writes"]);
    assert_eq!(down(&becomes(&exchange, "/api/health/ready", 503).await), ["tickets"]);
    seller.get("/api/tickets").await.expect(200);

    outside.execute_batch("rollback").unwrap();
    becomes(&exchange, "/api/health/tickets", 200).await;
    assert_eq!(becomes(&exchange, "/api/health", 200).await["tickets"]["status"], "up");
    seller.list_ticket("Unlocked", 10.0).await;
}

/// Dead letters wait for a person; nothing is down because of them.
#[tokio::test]
async fn dead_letters_are_shown() {
    let exchange = one_process(&[]);
    let outside = Connection::open(exchange.data().join("orders.db")).unwrap();
    let letter = "insert into dead_letters (event_id, envelope, reason, parked_at)
         values (x'00', '{}', 'made up', 0)";
    outside.execute(letter, []).unwrap();
    let details = loop_until_letters(&exchange).await;
    assert_eq!(details["orders"]["status"], "up");
    let (status, details) = health(&exchange, "/api/health/orders").await;
    assert_eq!((status, &details["relay"]["deadLetters"]), (200, &Value::from(1)));
    outside.execute("delete from dead_letters", []).unwrap();
}

async fn loop_until_letters(exchange: &TestPlatform) -> Value {
    for _ in 0..600 {
        let (status, details) = health(exchange, "/api/health").await;
        assert_eq!(status, 200);
        if details["orders"]["deadLetters"] == 1 {
            return details;
        }
        exchange.pass(Duration::from_millis(20)).await;
    }
    panic!("the dead letter isn't shown");
}

/// At the order to stop, readiness says no while everything is still served; then it ends.
#[tokio::test(flavor = "multi_thread")]
async fn readiness_says_no_before_the_door_closes() {
    let mut exchange = one_process(&[("STOP_DELAY_SECONDS", "4")]);
    let (guest, url) = (exchange.anonymous(), exchange.url().to_owned());
    guest.get("/api/health/ready").await.expect(200);
    let stopping = tokio::task::spawn_blocking(move || {
        let well = exchange.stop();
        (exchange, well)
    });
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    let ask = |path: &'static str| client.get(format!("{url}{path}")).send();
    let mut last = 200;
    while last == 200 {
        last = ask("/api/health/ready").await.unwrap().status().as_u16();
    }
    assert_eq!(last, 503);
    for path in ["/api/health/live", "/api/health", "/api/tickets"] {
        let answer = ask(path).await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path} on a new connection");
        assert_eq!(answer.headers()["connection"], "close", "{path}: its last");
    }
    let (exchange, well) = stopping.await.unwrap();
    assert!(well, "{}", exchange.log());
    assert!(ask("/api/health/live").await.is_err(), "the door is closed");
}
