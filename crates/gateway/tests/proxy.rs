//! The gateway before services: what goes through, what changes on the way, what stays here.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use futures_util::{StreamExt, stream};
use gateway::proxy;
use http_body_util::{BodyExt, Full};
use http_kit::protection::Protection;
use http_kit::serve::{ServeOptions, serve};
use kernel::SystemClock;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use upstream::{Options, Upstream};

async fn listen(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, router, CancellationToken::new(), ServeOptions::default()));
    address
}

fn upstream(name: &'static str, addresses: &[SocketAddr]) -> Arc<Upstream> {
    let urls: Vec<_> = addresses.iter().map(|address| format!("http://{address}")).collect();
    let options = Options { answer_timeout: Duration::from_millis(700), ..Options::default() };
    Arc::new(Upstream::new(name, &urls, options).unwrap())
}

/// A gateway before `orders` at these addresses.
async fn gateway(orders: &[SocketAddr]) -> Upstream {
    let protection = Arc::<Protection>::default();
    let routes = proxy::routes(&[upstream("orders", orders)], &protection);
    let router = http_kit::edge::protected(routes, SystemClock::shared(), protection);
    let url = format!("http://{}", listen(router).await);
    let options = Options { answer_timeout: Duration::from_secs(10), ..Options::default() };
    Upstream::new("gateway", &[url], options).unwrap()
}

async fn nowhere() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// Takes connections, reads a little, and closes them.
async fn breaks_off() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _read = stream.read(&mut [0; 16]).await;
        }
    });
    address
}

type Said = (StatusCode, HeaderMap, String);

async fn send(gateway: &Upstream, request: http::Request<Full<bytes::Bytes>>) -> Said {
    let (head, body) = gateway.ask(request, 1 << 20).await.unwrap().into_parts();
    (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
}

async fn get(gateway: &Upstream, path: &str) -> Said {
    send(gateway, upstream::get(path).unwrap()).await
}

async fn post(gateway: &Upstream, path: &str) -> Said {
    send(gateway, upstream::json(Method::POST, path, r#"{"a":1}"#).unwrap()).await
}

/// Answers with what it was sent.
async fn echo(request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let text = format!(
        "{} {} {:?} {}",
        head.method,
        head.uri,
        head.headers,
        String::from_utf8_lossy(&body)
    );
    ([("x-own", "1"), ("keep-alive", "timeout=5"), ("set-cookie", "a=b")], text).into_response()
}

#[tokio::test]
async fn a_request_goes_through_as_it_is() {
    let service = listen(Router::new().fallback(any(echo))).await;
    let gateway = gateway(&[service]).await;
    let mut request = upstream::json(Method::POST, "/api/orders/x%2Fy?z=1&z=2", r#"{"a":1}"#);
    let headers = request.as_mut().unwrap().headers_mut();
    for (name, value) in [
        (header::HOST, "shop.example"),
        (header::ORIGIN, "http://shop.example"),
        (header::AUTHORIZATION, "Bearer token"),
        (header::CONNECTION, "keep-alive, x-secret"),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    headers.insert("x-secret", "1".parse().unwrap());
    headers.insert("x-forwarded-for", "192.0.2.7".parse().unwrap());
    headers.insert(
        "traceparent",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap(),
    );
    let (status, headers, text) = send(&gateway, request.unwrap()).await;
    assert_eq!(status, 200);
    assert!(text.starts_with("POST /api/orders/x%2Fy?z=1&z=2 "), "{text}");
    assert!(text.ends_with(r#" {"a":1}"#), "{text}");
    for there in [
        r#""host": "shop.example""#,
        r#""origin": "http://shop.example""#,
        r#""authorization": "Bearer token""#,
        r#""x-forwarded-for": "192.0.2.7", "x-forwarded-for": "127.0.0.1""#,
        r#""x-forwarded-proto": "http""#,
        r#""x-forwarded-host": "shop.example""#,
        r#""traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-"#,
    ] {
        assert!(text.contains(there), "{there} is not in {text}");
    }
    assert!(!text.contains("x-secret") && !text.contains("00f067aa0ba902b7"), "{text}");
    assert!(headers.contains_key("x-own") && headers.contains_key("set-cookie"));
    assert!(!headers.contains_key("keep-alive"), "{headers:?}");
}

#[tokio::test]
async fn only_what_is_listed_goes_through() {
    let service = listen(Router::new().fallback(any(echo))).await;
    let gateway = gateway(&[service]).await;
    assert_eq!(get(&gateway, "/api/orders").await.0, 200);
    assert_eq!(get(&gateway, "/api/orders/1").await.0, 200);
    for hidden in [
        "/",
        "/internal/heard/1",
        "/internal/open-reservations",
        "/relation-tuples",
        "/admin/relation-tuples",
        "/metrics",
        "/api/ordersx",
        "/api/tickets",
        "//internal/heard/1",
        "/API/ORDERS",
    ] {
        let (status, _, body) = get(&gateway, hidden).await;
        assert_eq!(status, 404, "{hidden}");
        assert!(body.contains("/errors/unknown-path"), "{hidden}: {body}");
    }
}

#[tokio::test]
async fn a_service_s_own_refusals_go_through() {
    let refuse = || async {
        let json = [(header::CONTENT_TYPE, "application/problem+json")];
        (StatusCode::CONFLICT, json, r#"{"type":"/errors/stale-version"}"#)
    };
    let service = listen(Router::new().fallback(any(refuse))).await;
    let (status, headers, body) = post(&gateway(&[service]).await, "/api/orders").await;
    assert_eq!((status.as_u16(), body.as_str()), (409, r#"{"type":"/errors/stale-version"}"#));
    assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
}

#[tokio::test]
async fn where_nobody_listens_the_next_process_gets_it() {
    let service = listen(Router::new().fallback(any(echo))).await;
    let gateway = gateway(&[nowhere().await, service]).await;
    for _ in 0..10 {
        assert_eq!(post(&gateway, "/api/orders").await.0, 200);
    }
}

#[tokio::test]
async fn what_can_t_be_answered_says_what_came_of_it() {
    let hangs = || std::future::pending::<StatusCode>();
    let hanging = listen(Router::new().fallback(any(hangs))).await;
    for (address, status, code) in [
        (nowhere().await, 503, "unavailable"),
        (breaks_off().await, 502, "bad-gateway"),
        (hanging, 504, "timeout"),
    ] {
        let began = Instant::now();
        let (found, headers, body) = post(&gateway(&[address]).await, "/api/orders").await;
        assert_eq!(found.as_u16(), status, "{body}");
        assert!(body.contains(&format!("/errors/{code}")), "{body}");
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        assert!(began.elapsed() < Duration::from_secs(3), "{status} took {:?}", began.elapsed());
    }
}

/// An answer is passed on as it comes: what is there is not held back until the end.
#[tokio::test]
async fn answers_stream() {
    let endless = || async {
        let first = stream::iter([Ok::<_, std::io::Error>("first")]);
        let body = Body::from_stream(first.chain(stream::pending()));
        ([(header::CONTENT_TYPE, "text/event-stream")], body)
    };
    let service = listen(Router::new().fallback(any(endless))).await;
    let gateway = gateway(&[service]).await;
    let answer = gateway.send(upstream::get("/api/orders").unwrap()).await.unwrap();
    let mut body = answer.into_body();
    let frame = tokio::time::timeout(Duration::from_secs(3), body.frame()).await.unwrap();
    assert_eq!(frame.unwrap().unwrap().into_data().unwrap(), "first");
}
