//! `/metrics`: counts what happened, exactly; can't be made to grow; isn't everybody's.

use std::collections::BTreeSet;
use std::time::Duration;

use cluster::Role;
use reqwest::Method;
use testkit::TestPlatform;

use super::exposition::Exposition;
use super::{get, get_url};
use crate::one_process;

async fn scrape(exchange: &TestPlatform) -> Exposition {
    let (status, headers, text) = get(exchange, "/metrics", &[]).await;
    assert_eq!(status, 200, "{text}");
    assert_eq!(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(headers["cache-control"], "no-store");
    Exposition::read(&text)
}

/// What is scraped once `name` with these labels is `value`: what isn't done for a request is
/// counted a moment after its row is there to see.
async fn scrape_when(
    exchange: &TestPlatform,
    name: &str,
    labels: &[(&str, &str)],
    value: f64,
) -> Exposition {
    for _ in 0..500 {
        let seen = scrape(exchange).await;
        if seen.sum(name, labels) == Some(value) {
            return seen;
        }
        exchange.pass(Duration::from_millis(10)).await;
    }
    panic!("{name} {labels:?} doesn't become {value}");
}

/// How many timers of reservations have fired, of an exchange of many processes, in this life of
/// each; none if none has.
pub(crate) fn timers_fired(exchange: &TestPlatform) -> Option<f64> {
    let cluster = exchange.cluster();
    let workers = cluster.all().filter(|(role, _)| *role == Role::Expiration);
    let fired = workers.filter_map(|(role, number)| {
        let seen = Exposition::read(&cluster.metrics(role, number).unwrap());
        seen.sum("timers_total", &[("outcome", "fired")])
    });
    let all = fired.sum::<f64>();
    (all > 0.0).then_some(all)
}

/// The counts of one sale and one cancellation.
#[tokio::test(flavor = "multi_thread")]
async fn a_story_is_counted_exactly() {
    let exchange = one_process(&[]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    buyer.sign_in(&buyer.email, "not the password").await.expect(400);
    let sold = seller.list_ticket("Counted", 10.0).await;
    let given_back = seller.list_ticket("Given back", 10.0).await;
    let order = buyer.place_order(&sold).await;
    buyer.pay(&order, "tok_visa").await.expect(201);
    let cancelled = buyer.place_order(&given_back).await;
    buyer.delete(&format!("/api/orders/{cancelled}")).await.expect(200);
    let open = seller.list_ticket("Still open", 10.0).await;
    buyer.place_order(&open).await;
    exchange.drain().await;

    let captured = [("status", "captured")];
    let seen = scrape_when(&exchange, "payments_status_changes_total", &captured, 1.0).await;
    let delivered = |event: &'static str, to: &'static str| {
        (
            "event_deliveries_total",
            vec![("event", event), ("subscriber", to), ("outcome", "handled")],
        )
    };
    let moved = |status: &'static str, reason: &'static str| {
        ("orders_status_changes_total", vec![("status", status), ("reason", reason)])
    };
    let paid = |status: &'static str| ("payments_status_changes_total", vec![("status", status)]);
    let request = |method: &'static str, route: &'static str, status: &'static str| {
        ("http_requests_total", vec![("method", method), ("route", route), ("status", status)])
    };
    for ((name, labels), expected) in [
        (delivered("ticket:created", "orders"), 3.0),
        (delivered("order:created", "tickets"), 3.0),
        (delivered("order:created", "payments"), 3.0),
        (delivered("order:created", "expiration"), 3.0),
        (delivered("order:cancelled", "tickets"), 1.0),
        (delivered("order:completed", "tickets"), 1.0),
        (delivered("order:completed", "payments"), 1.0),
        (delivered("payment:started", "orders"), 1.0),
        (delivered("payment:created", "orders"), 1.0),
        (delivered("payment:failed", "orders"), 0.0),
        (("event_deliveries_total", vec![("outcome", "parked")]), 0.0),
        (("event_deliveries_total", vec![("outcome", "given_back")]), 0.0),
        (moved("created", ""), 3.0),
        (moved("complete", ""), 1.0),
        (moved("cancelled", "buyer"), 1.0),
        (paid("pending"), 1.0),
        (paid("authorized"), 1.0),
        (paid("captured"), 1.0),
        (("timers_total", vec![("outcome", "armed")]), 3.0),
        (("orders_open", vec![("status", "created")]), 1.0),
        (("orders_open", vec![("status", "awaiting:payment")]), 0.0),
        (("sign_ups_total", vec![("outcome", "ok")]), 2.0),
        (("sign_ins_total", vec![("outcome", "refused")]), 1.0),
        (("sessions_live", vec![]), 2.0),
        (request("POST", "/api/orders", "201"), 3.0),
        (request("DELETE", "/api/orders/{id}", "200"), 1.0),
        (request("POST", "/self-service/login", "400"), 1.0),
        (("http_request_duration_seconds_count", vec![("route", "/api/orders")]), 3.0),
        (("http_requests_in_flight", vec![]), 1.0),
        (("outbox_undelivered_events", vec![]), 0.0),
        (("outbox_lag_seconds", vec![]), 0.0),
        (("dead_letters", vec![]), 0.0),
        (("database_commits_total", vec![("outcome", "failed")]), 0.0),
        (("ticketing_build_info", vec![("version", env!("CARGO_PKG_VERSION"))]), 1.0),
    ] {
        assert_eq!(seen.sum(name, &labels), Some(expected), "{name} {labels:?}");
    }
    check_commits(&seen);
}

/// What is said of commits in four ways is the same thing.
fn check_commits(seen: &Exposition) {
    for database in ["auth", "tickets", "orders", "payments", "expiration", "card-sandbox"] {
        let of = |name, outcome| {
            let labels = [("database", database), ("outcome", outcome)];
            seen.sum(name, &labels[..if outcome.is_empty() { 1 } else { 2 }]).unwrap()
        };
        let commits = of("database_commits_total", "ok");
        assert!(commits > 0.0, "{database}");
        assert_eq!(of("database_commit_duration_seconds_count", ""), commits, "{database}");
        assert_eq!(of("database_commit_batches_count", ""), commits, "{database}");
        let batches =
            of("database_batches_total", "applied") + of("database_batches_total", "refused");
        assert_eq!(of("database_commit_batches_sum", ""), batches, "{database}");
        assert!(of("database_readers_busy", "") <= 8.0);
    }
    for known in ["process_resident_memory_bytes", "process_open_fds", "data_disk_free_bytes"] {
        assert!(seen.sum(known, &[]).unwrap() > 1.0, "{known}");
    }
    assert!(seen.sum("process_cpu_seconds_total", &[]).unwrap() > 0.0);
    assert!(seen.sum("process_start_time_seconds", &[]).unwrap() > 1.7e9);
    assert_eq!(seen.sum("health_check_up", &[]), Some(8.0), "six databases, disk and memory");
}

/// A reservation that nobody pays is counted as fired, and how late that was.
#[tokio::test]
async fn a_timer_is_counted_with_its_lateness() {
    let exchange = one_process(&[("EXPIRATION_WINDOW_SECONDS", "1")]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Too late", 10.0).await;
    buyer.place_order(&ticket).await;
    let databases = exchange.databases();
    let expired = "select count(*) from orders where cancel_reason = 'expired'";
    assert!(exchange.reaches(|| databases.number("orders", expired) == 1).await);
    exchange.drain().await;
    let seen = scrape_when(&exchange, "timers_total", &[("outcome", "fired")], 1.0).await;
    assert_eq!(seen.sum("timer_lateness_seconds_count", &[]), Some(1.0));
    let cancelled = [("status", "cancelled"), ("reason", "expired")];
    assert_eq!(seen.sum("orders_status_changes_total", &cancelled), Some(1.0));
}

/// Nothing that a client makes up becomes a label.
#[tokio::test]
async fn strangers_make_no_series() {
    let exchange = one_process(&[]);
    let guest = exchange.anonymous();
    scrape(&exchange).await;
    for n in 0..300 {
        let paths = [
            format!("/made/up/{n}"),
            format!("/api/tickets/{n}"),
            format!("/api/health/{n}"),
            format!("/api/tickets?q={n}"),
            format!("/%22%7D{n}%0A"),
        ];
        let path = &paths[n % paths.len()];
        let verbs = ["GET", "BREW", "PROPFIND", "TRACE", "DELETE"];
        let verb = format!("{}{}", verbs[n / 5 % verbs.len()], if n > 200 { "X" } else { "" });
        let verb = Method::from_bytes(verb.as_bytes()).unwrap();
        let answer = guest.send_raw(verb, path, &[], vec![]).await.unwrap();
        assert!(answer.status.as_u16() < 500, "{path}");
    }
    let seen = scrape(&exchange).await;
    let values = |label: &str| -> BTreeSet<&str> {
        let samples = seen.samples("http_requests_total").iter();
        samples.map(|(labels, _)| labels[label].as_str()).collect()
    };
    assert_eq!(values("method"), BTreeSet::from(["DELETE", "GET", "other"]));
    assert_eq!(
        values("route"),
        BTreeSet::from([
            "/api/health/{context}",
            "/api/tickets",
            "/api/tickets/{id}",
            "/metrics",
            "unmatched",
        ])
    );
    assert_eq!(seen.sum("http_requests_total", &[]), Some(301.0), "each was counted");
}

/// A client that hangs up is counted, and is in flight no more.
#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_is_gone() {
    let exchange = one_process(&[]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Unheard", 10.0).await;
    let order = buyer.place_order(&ticket).await;
    // the answer of the card gateway is lost, so that this takes a while
    let paying = tokio::spawn(async move { buyer.pay(&order, "tok_sandboxTimeoutAfter").await });
    let databases = exchange.databases();
    let started = "select count(*) from payments";
    assert!(exchange.reaches(|| databases.number("payments", started) == 1).await);
    paying.abort();
    assert!(paying.await.unwrap_err().is_cancelled());
    exchange.drain().await;
    let gone = [("method", "POST"), ("route", "/api/payments"), ("status", "gone")];
    let seen = scrape_when(&exchange, "http_requests_total", &gone, 1.0).await;
    assert_eq!(seen.sum("http_requests_in_flight", &[]), Some(1.0), "the scrape itself");
}

#[tokio::test]
async fn metrics_are_not_everybodys() {
    let loopback = one_process(&[]);
    assert_eq!(get(&loopback, "/metrics", &[]).await.0, 200);
    for name in ["x-forwarded-for", "forwarded", "via", "x-real-ip"] {
        let (status, headers, _) = get(&loopback, "/metrics", &[(name, "127.0.0.1")]).await;
        assert_eq!(status, 404, "{name}");
        assert_eq!(headers["content-type"], "application/problem+json");
    }
    let published = one_process(&[("PUBLIC_URL", "https://tickets.example")]);
    let log = published.log();
    let (_, address) = log.split_once("Listening on ").unwrap();
    let address = address.split('"').next().unwrap();
    assert_eq!(get_url(&format!("http://{address}/metrics"), &[]).await.0, 404);
    let guarded = one_process(&[("METRICS_TOKEN", "0123456789abcdef")]);
    assert_eq!(get(&guarded, "/metrics", &[]).await.0, 404);
    for (header, status) in [
        ("Bearer 0123456789abcdef", 200),
        ("Bearer 0123456789abcdeF", 404),
        ("Bearer 0123456789abcde", 404),
        ("0123456789abcdef", 404),
    ] {
        let headers = [("authorization", header)];
        assert_eq!(get(&guarded, "/metrics", &headers).await.0, status, "{header}");
    }
}
