//! The real nginx with the configuration that operators take, in front of services that do what
//! a test tells them.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::LazyLock;

use cluster::free_ports::{self, Refusing};
use cluster::nginx::{Nginx, Site, Upstreams};

use super::client::{Answer, connect, get, post, send};
use super::upstream::{Manner, Upstream};

/// An nginx that ends with the test.
pub(crate) struct Edge {
    nginx: Nginx,
    pub(crate) address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Edge {
    /// In front of these, which are asked for everything.
    pub(crate) fn before(all: &[SocketAddr]) -> Self {
        Self::with(Self::everything(all), None)
    }

    /// As [`Self::before`], and one address may ask so often a second, and so often more at once.
    pub(crate) fn limited(all: &[SocketAddr], limit: (u32, u32)) -> Self {
        Self::with(Self::everything(all), Some(limit))
    }

    fn everything(all: &[SocketAddr]) -> Upstreams {
        let all = all.to_vec();
        Upstreams {
            auth: all.clone(),
            tickets: all.clone(),
            orders: all.clone(),
            payments: all.clone(),
            gateway: all,
        }
    }

    fn with(upstreams: Upstreams, limit: Option<(u32, u32)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_ports::block().unwrap()));
        let site = Site { listen: address, upstreams, limit, workers: Some(2), access_log: true };
        let nginx = Nginx::start(folder.path(), &site).unwrap();
        Self { nginx, address, _folder: folder }
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        let _ = self.nginx.stop();
    }
}

/// Nobody listens there, nor can.
pub(crate) fn nobody() -> SocketAddr {
    static NOBODY: LazyLock<Refusing> = LazyLock::new(|| Refusing::port().unwrap());
    NOBODY.address
}

/// A problem document with this status, whose code has a page with that status.
#[track_caller]
fn is_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let body: BTreeMap<_, _> = fields(&answer.body);
    assert_eq!(body["type"], format!("\"/errors/{code}\""), "{answer:?}");
    assert_eq!(
        (&*body["status"], &*body["statusCode"]),
        (&*status.to_string(), &*status.to_string())
    );
    assert_eq!(body["name"], "\"ErrorResponse\"");
    assert_eq!(body["timestamp"].len(), "\"2026-11-28T23:00:00.000Z\"".len(), "{answer:?}");
    assert!(body["errors"].contains(&format!("{{\"message\":{}}}", body["detail"])), "{answer:?}");
    for title in ["title", "path"] {
        assert!(body.contains_key(title), "{answer:?}");
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let page = std::fs::read_to_string(page.join(format!("{code}.md"))).unwrap();
    assert!(page.starts_with(&format!("# `{code}` · {status}\n")), "{page}");
    for (name, value) in [
        ("cache-control", "private, no-cache"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value);
    }
    assert_eq!(answer.all("server"), ["nginx"], "no version");
}

/// The outer fields of a document, with their values as they are written.
fn fields(json: &str) -> BTreeMap<String, String> {
    let document: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).unwrap();
    document.into_iter().map(|(name, value)| (name, value.to_string())).collect()
}

#[test]
fn each_path_has_its_service() {
    let names = ["auth", "tickets", "orders", "payments", "gateway"];
    let all = names.map(|name| Upstream::start(name, Manner::Answers));
    let [auth, tickets, orders, payments, gateway] = &all;
    let one = |upstream: &Upstream| vec![upstream.address];
    let upstreams = Upstreams {
        auth: one(auth),
        tickets: one(tickets),
        orders: one(orders),
        payments: one(payments),
        gateway: one(gateway),
    };
    let edge = Edge::with(upstreams, None);
    for (path, name) in [
        ("/api/users/current-user", "auth"),
        ("/api/clients", "auth"),
        ("/self-service/login?flow=api", "auth"),
        ("/sessions/whoami", "auth"),
        ("/sessions", "auth"),
        ("/schemas/default", "auth"),
        ("/api/tickets", "tickets"),
        ("/api/tickets?limit=3&filter=name=price,operator=gt,value=5", "tickets"),
        ("/api/tickets/0190-a%2Fb", "tickets"),
        ("/api/orders/1", "orders"),
        ("/api/payments", "payments"),
        ("/api/payments/webhook", "payments"),
        ("/api/moderations", "gateway"),
        ("/api/ticketsx", "gateway"),
        ("/api/health", "gateway"),
        ("/api/health/ready", "gateway"),
        ("/open-api", "gateway"),
        ("/errors/internal", "gateway"),
        ("/metricsx", "gateway"),
        ("/", "gateway"),
    ] {
        let answer = get(edge.address, path);
        assert_eq!((answer.status, &*answer.body), (200, name), "{path}");
    }
    // what is asked arrives as it was written
    assert!(
        tickets.seen().iter().any(|request| request.starts_with("GET /api/tickets/0190-a%2Fb "))
    );
}

#[test]
fn what_services_tell_each_other_is_nobody_elses() {
    let service = Upstream::start("service", Manner::Answers);
    let edge = Edge::before(&[service.address]);
    for path in [
        "/relation-tuples",
        "/relation-tuples/check?namespace=Group",
        "/admin/relation-tuples",
        "/admin",
        "/internal/heard/1",
        "/metrics",
        "/metrics/",
        "//metrics",
        "/./metrics",
        "/%6detrics",
        "/api/tickets/../../metrics",
        "/api/tickets/..%2f..%2finternal/heard/1",
        "/api/%2e%2e/admin/relation-tuples",
        "/.refused.json",
        "/.refused.html",
        "/.unanswered.html",
    ] {
        is_problem(&get(edge.address, path), 404, "unknown-path");
    }
    is_problem(&post(edge.address, "/admin/relation-tuples", "{}"), 404, "unknown-path");
    let request =
        "GET http://exchange/metrics HTTP/1.1\r\nHost: exchange\r\nConnection: close\r\n\r\n";
    is_problem(&send(edge.address, request), 404, "unknown-path");
    assert_eq!(service.seen(), [""; 0]);
}

#[test]
fn who_has_less_to_do_is_asked() {
    let (busy, idle) =
        (Upstream::start("busy", Manner::Waits), Upstream::start("idle", Manner::Answers));
    let edge = Edge::before(&[busy.address, idle.address]);
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let address = edge.address;
            std::thread::spawn(move || {
                (0..10).for_each(|_| assert_eq!(get(address, "/api/tickets").status, 200));
            })
        })
        .collect();
    // were they asked in turn, all clients would wait by now
    idle.wait_for(10);
    busy.let_go();
    clients.into_iter().for_each(|client| client.join().unwrap());
    assert_eq!(busy.seen().len() + idle.seen().len(), 40);
}

#[test]
fn load_is_spread() {
    let (one, other) =
        (Upstream::start("one", Manner::Answers), Upstream::start("other", Manner::Answers));
    let edge = Edge::before(&[one.address, other.address]);
    for _ in 0..40 {
        assert_eq!(get(edge.address, "/api/orders").status, 200);
    }
    assert_eq!((one.seen().len(), other.seen().len()), (20, 20));
}

#[test]
fn a_refused_connection_goes_to_the_next_one_for_every_method() {
    let service = Upstream::start("service", Manner::Answers);
    let edge = Edge::before(&[nobody(), service.address]);
    for number in 0..40 {
        assert_eq!(get(edge.address, "/api/orders").status, 200, "{number}");
        assert_eq!(post(edge.address, "/api/orders", "{}").status, 200, "{number}");
    }
    assert_eq!(service.seen().len(), 80);
}

#[test]
fn a_post_that_was_sent_is_never_sent_again() {
    let (broken, sound) =
        (Upstream::start("broken", Manner::HangsUp), Upstream::start("sound", Manner::Answers));
    let edge = Edge::before(&[broken.address, sound.address]);
    let mut lost = 0;
    for number in 0..40 {
        let answer = post(edge.address, "/api/orders", &format!("{{\"number\":{number}}}"));
        if answer.status != 200 {
            is_problem(&answer, 502, "bad-gateway");
            lost += 1;
        }
    }
    let (broken, sound) = (broken.seen(), sound.seen());
    assert_eq!((broken.len(), sound.len()), (lost, 40 - lost));
    assert!(lost > 0, "the broken one was asked");
    for number in 0..40 {
        let body = format!("{{\"number\":{number}}}");
        let all = broken.iter().chain(&sound).filter(|request| request.ends_with(&body));
        assert_eq!(all.count(), 1, "{body}");
    }
}

#[test]
fn a_get_that_broke_is_asked_elsewhere() {
    let (broken, sound) =
        (Upstream::start("broken", Manner::HangsUp), Upstream::start("sound", Manner::Answers));
    let edge = Edge::before(&[broken.address, sound.address]);
    for _ in 0..20 {
        assert_eq!(get(edge.address, "/api/tickets").body, "sound");
    }
    assert!(!broken.seen().is_empty());
}

#[test]
fn without_any_service_a_client_may_try_again() {
    let edge = Edge::before(&[nobody(), nobody()]);
    for path in ["/api/orders?as=buyer", "/api/tickets/\"quoted\"", "/"] {
        for answer in [get(edge.address, path), post(edge.address, path, "{}")] {
            is_problem(&answer, 503, "unavailable");
            assert_eq!(answer.header("retry-after"), "1");
            let named = if path.contains('"') { "" } else { path };
            assert_eq!(fields(&answer.body)["path"], format!("\"{named}\""));
        }
    }
}

#[test]
fn what_is_too_large_is_refused_as_services_do() {
    let service = Upstream::start("service", Manner::Answers);
    let edge = Edge::before(&[service.address]);
    let mebibyte = "x".repeat(1024 * 1024);
    assert_eq!(post(edge.address, "/api/tickets", &mebibyte).status, 200);
    let answer = post(edge.address, "/api/tickets", &format!("{mebibyte}y"));
    is_problem(&answer, 413, "too-large");
    assert_eq!(answer.header("connection"), "close");
    let chunked = format!(
        "POST /api/tickets HTTP/1.1\r\nHost: exchange\r\nTransfer-Encoding: chunked\r\n\r\n\
         100001\r\n{mebibyte}y\r\n0\r\n\r\n"
    );
    is_problem(&send(edge.address, &chunked), 413, "too-large");
    let long = "p".repeat(40_000);
    is_problem(&get(edge.address, &format!("/api/tickets?q={long}")), 414, "uri-too-long");
    let request = format!("GET / HTTP/1.1\r\nHost: exchange\r\nCookie: {long}\r\n\r\n");
    is_problem(&send(edge.address, &request), 431, "headers-too-large");
    is_problem(&send(edge.address, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400, "malformed");
    is_problem(
        &send(edge.address, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"),
        405,
        "method-not-allowed",
    );
    assert_eq!(service.seen().len(), 1);
}

#[test]
fn floods_are_kept_away() {
    let service = Upstream::start("service", Manner::Answers);
    let edge = Edge::limited(&[service.address], (1, 5));
    let answers: Vec<_> = (0..20).map(|_| get(edge.address, "/api/tickets")).collect();
    let (good, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|it| it.status == 200);
    assert!((5..9).contains(&good.len()), "{}", good.len());
    for answer in refused {
        is_problem(answer, 429, "too-many-requests");
        assert_eq!(answer.header("retry-after"), "1");
    }
}

#[test]
fn services_learn_who_asked_and_whom() {
    let service = Upstream::start("service", Manner::Answers);
    let edge = Edge::before(&[service.address]);
    let request = "POST /api/orders HTTP/1.1\r\nHost: tickets.example:8443\r\n\
        X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: gopher\r\nForwarded: for=192.0.2.1\r\n\
        Origin: https://tickets.example:8443\r\nAuthorization: Bearer token\r\n\
        Idempotency-Key: once\r\ntraceparent: 00-1-2-01\r\nConnection: close\r\n\
        Content-Length: 2\r\n\r\n{}";
    assert_eq!(send(edge.address, request).status, 200);
    let seen = service.seen();
    let [seen] = &seen[..] else { panic!("{seen:?}") };
    let lines: Vec<_> = seen.lines().collect();
    for line in [
        "Host: tickets.example:8443",
        "X-Forwarded-For: 203.0.113.9, 127.0.0.1",
        "X-Forwarded-Proto: http",
        "Origin: https://tickets.example:8443",
        "Authorization: Bearer token",
        "Idempotency-Key: once",
        "traceparent: 00-1-2-01",
    ] {
        assert!(lines.contains(&line), "{line}: {seen}");
    }
    for name in ["forwarded:", "connection:"] {
        assert!(!lines.iter().any(|line| line.to_lowercase().starts_with(name)), "{name}: {seen}");
    }
    assert!(seen.ends_with("\r\n\r\n{}"));
}

#[test]
fn an_answer_of_a_service_passes_as_it_is() {
    let service = Upstream::start("service", Manner::Answers);
    let edge = Edge::before(&[service.address]);
    let answer = get(edge.address, "/");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "private, no-cache");
    assert_eq!(answer.all("x-frame-options"), [""; 0], "nothing is added");
    assert_eq!(answer.header("server"), "nginx");
}

#[test]
fn connections_to_services_are_kept() {
    let service = Upstream::start("service", Manner::Answers);
    let edge = Edge::before(&[service.address]);
    let mut connection = connect(edge.address);
    let length = "service".len();
    for _ in 0..50 {
        connection.write_all(b"GET / HTTP/1.1\r\nHost: exchange\r\n\r\n").unwrap();
        let mut text = Vec::new();
        while !text.ends_with(b"service") {
            let mut byte = [0; 1];
            connection.read_exact(&mut byte).unwrap();
            text.push(byte[0]);
        }
        assert!(text.len() > length);
    }
    assert_eq!(service.connections(), 1);
}

#[test]
fn events_are_not_held_back() {
    let service = Upstream::start("service", Manner::Streams);
    let edge = Edge::before(&[service.address]);
    let mut connection = connect(edge.address);
    connection
        .write_all(
            b"GET /api/tickets/events HTTP/1.1\r\nHost: exchange\r\nConnection: close\r\n\r\n",
        )
        .unwrap();
    let mut text = Vec::new();
    while !text.ends_with(b"data: first\n\n") {
        let mut byte = [0; 1];
        connection.read_exact(&mut byte).expect("the first event comes before the second is sent");
        text.push(byte[0]);
    }
    service.let_go();
    connection.read_to_end(&mut text).unwrap();
    assert!(String::from_utf8(text).unwrap().contains("data: second\n\n"));
}
