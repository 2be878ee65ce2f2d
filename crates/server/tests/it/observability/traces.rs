//! One trace from the request through everything it causes: in the answer, in the events, and at
//! the collector.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use testkit::{Person, TestPlatform};

use super::get;
use super::otlp::{Collector, Span};
use crate::one_process;

const CALLER: &str = "00f067aa0ba902b7";

fn traceparent(trace_id: &str) -> String {
    format!("00-{trace_id}-{CALLER}-01")
}

async fn post(person: &Person, trace_id: &str, path: &str, body: serde_json::Value) -> String {
    let header = traceparent(trace_id);
    let headers = [("traceparent", header.as_str()), ("content-type", "application/json")];
    let body = body.to_string().into_bytes();
    let answer = person.send_raw(Method::POST, path, &headers, body).await.unwrap();
    answer.expect(201)["id"].as_str().unwrap().to_owned()
}

/// Waits until the collector has spans of all these names in the trace.
async fn arrive(
    exchange: &TestPlatform,
    collector: &Collector,
    trace_id: &str,
    names: &[&str],
) -> Vec<Span> {
    let missing = |spans: &[Span]| -> Vec<String> {
        let is_missing = |name: &&&str| spans.iter().all(|span| span.name != **name);
        names.iter().filter(is_missing).map(|name| (*name).to_owned()).collect()
    };
    let arrived = exchange.reaches(|| missing(&collector.of_trace(trace_id)).is_empty()).await;
    let spans = collector.of_trace(trace_id);
    assert!(arrived, "missing: {:?}\nin {spans:#?}\n{}", missing(&spans), exchange.log());
    spans
}

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    spans.iter().find(|span| span.name == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_order_is_one_trace_at_the_collector() {
    let collector = Collector::start().await;
    let exchange = one_process(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Traced", 10.0).await;
    let (ordering, paying) =
        ("4bf92f3577b34da6a3ce929d0e0e4736", "11111111111111112222222222222222");
    let order = post(&buyer, ordering, "/api/orders", json!({"ticketId": ticket})).await;
    let consumed =
        ["order:created to tickets", "order:created to payments", "order:created to expiration"];
    let wanted = [&consumed[..], &["POST /api/orders", "deliver order:created", "commit"]].concat();
    let spans = arrive(&exchange, &collector, ordering, &wanted).await;
    let request = named(&spans, "POST /api/orders");
    assert_eq!(request.parent, CALLER);
    let delivery = named(&spans, "deliver order:created");
    assert_eq!(delivery.parent, request.id, "the event carries the request's place");
    for name in consumed {
        assert_eq!(named(&spans, name).parent, delivery.id, "{name}");
    }
    let mut ids: Vec<_> = spans.iter().map(|span| &span.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), spans.len(), "each has a place of its own");

    let body = json!({"orderId": order, "token": "tok_visa"});
    post(&buyer, paying, "/api/payments", body).await;
    let wanted = [
        "POST /api/payments",
        "settle a payment",
        "payment:created to orders",
        "order:completed to tickets",
        "order:completed to payments",
    ];
    arrive(&exchange, &collector, paying, &wanted).await;
}

/// What the clock brings about belongs to the request that set it: also after a restart.
#[tokio::test(flavor = "multi_thread")]
async fn a_timer_belongs_to_the_order_that_set_it() {
    let collector = Collector::start().await;
    let mut exchange = one_process(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url),
        ("EXPIRATION_WINDOW_SECONDS", "2"),
    ]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Traced", 10.0).await;
    let ordering = "4bf92f3577b34da6a3ce929d0e0e4736";
    post(&buyer, ordering, "/api/orders", json!({"ticketId": ticket})).await;
    exchange.drain().await;
    exchange.restart();
    let wanted = ["fire a timer", "expiration:complete to orders", "order:cancelled to tickets"];
    arrive(&exchange, &collector, ordering, &wanted).await;
}

/// Nobody's business: what the caller doesn't want recorded isn't, and a ratio of nothing is none.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_wanted_is_not_sent() {
    let collector = Collector::start().await;
    let mut exchange = one_process(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)]);
    let quiet = "4bf92f3577b34da6a3ce929d0e0e4736";
    let header = format!("00-{quiet}-{CALLER}-00");
    let (_, headers, _) = get(&exchange, "/api/tickets", &[("traceparent", &header)]).await;
    let answer = headers["traceresponse"].to_str().unwrap();
    assert!(answer.starts_with(&format!("00-{quiet}-")) && answer.ends_with("-00"), "{answer}");
    exchange.anonymous().get("/api/tickets").await.expect(200);
    assert!(exchange.stop(), "what waits is sent at the end");
    assert_eq!(collector.of_trace(quiet), []);
    assert_eq!(collector.count(), 1, "the request that nobody objected to");
}

/// A collector that is away costs spans, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_stops_nothing() {
    let mut exchange = one_process(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Untraced", 10.0).await;
    buyer.place_order(&ticket).await;
    exchange.drain().await;
    let log = || exchange.log();
    assert!(exchange.reaches(|| log().contains("Could not export spans; they are lost")).await);
    assert!(exchange.stop());
}

/// The answer says in which trace it was made, whether the caller began one or not.
#[tokio::test]
async fn answers_carry_their_trace() {
    let exchange = one_process(&[]);
    let own = traceparent("4bf92f3577b34da6a3ce929d0e0e4736");
    for (path, status) in [("/api/tickets", 200), ("/nowhere", 404), ("/api/orders", 401)] {
        let (seen, headers, _) = get(&exchange, path, &[("traceparent", &own)]).await;
        assert_eq!(seen, status);
        let answer = headers["traceresponse"].to_str().unwrap();
        assert!(answer.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"), "{answer}");
        assert!(!answer.contains(CALLER), "our place, not the caller's");
    }
    let (_, headers, _) = get(&exchange, "/api/tickets", &[("traceparent", "00-zz")]).await;
    let begun = headers["traceresponse"].to_str().unwrap();
    assert_eq!(begun.len(), 55, "{begun}");
    exchange.pass(Duration::ZERO).await;
}
