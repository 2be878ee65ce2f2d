//! A service as others meet it: several addresses, some of which are gone, slow, or break off.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use upstream::{Failed, Options, Upstream};

/// What a service does with a request.
#[derive(Clone, Copy)]
enum Manner {
    /// Answers 200 with its name, and keeps the connection.
    Answers,
    /// Answers, and closes the connection without having said so.
    ClosesAfter,
    /// Closes the connection when the request is there.
    BreaksOff,
    /// Never answers.
    Hangs,
    /// Announces more than it sends, and keeps the connection.
    Stalls,
}

/// A service that counts.
struct Service {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
}

impl Service {
    async fn start(name: &'static str, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, connections) =
            (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (counted, opened) = (Arc::clone(&requests), Arc::clone(&connections));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                opened.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, name, manner, Arc::clone(&counted)));
            }
        });
        Self { address, requests, connections }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, name: &str, manner: Manner, counted: Arc<AtomicUsize>) {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        while !read.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read(&mut buffer).await {
                Ok(length) if length > 0 => read.extend_from_slice(&buffer[..length]),
                _ => return,
            }
        }
        read.clear();
        counted.fetch_add(1, Ordering::SeqCst);
        let length = name.len();
        let answer = match manner {
            Manner::BreaksOff => return,
            Manner::Hangs => std::future::pending().await,
            Manner::Stalls => format!("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{name}"),
            _ => format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{name}"),
        };
        stream.write_all(answer.as_bytes()).await.unwrap();
        if matches!(manner, Manner::ClosesAfter) {
            return;
        }
    }
}

/// An address where nobody listens.
async fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn options() -> Options {
    Options { answer_timeout: Duration::from_millis(500), ..Options::default() }
}

fn upstream(urls: &[String]) -> Upstream {
    Upstream::new("orders", urls, options()).unwrap()
}

async fn get(upstream: &Upstream) -> Result<String, Failed> {
    let answer = upstream.ask(upstream::get("/x?y=z").unwrap(), 1024).await?;
    assert_eq!(answer.status(), StatusCode::OK);
    Ok(String::from_utf8(answer.into_body().to_vec()).unwrap())
}

async fn post(upstream: &Upstream) -> Result<Bytes, Failed> {
    let request = upstream::json(Method::POST, "/x", "{}").unwrap();
    upstream.ask(request, 1024).await.map(http::Response::into_body)
}

#[tokio::test]
async fn connections_are_used_again() {
    let service = Service::start("one", Manner::Answers).await;
    let upstream = upstream(&[service.url()]);
    for _ in 0..50 {
        assert_eq!(get(&upstream).await.unwrap(), "one");
    }
    assert_eq!((service.requests(), service.connections()), (50, 1));
}

#[tokio::test]
async fn addresses_take_turns() {
    let services =
        [Service::start("a", Manner::Answers).await, Service::start("b", Manner::Answers).await];
    let upstream = upstream(&services.each_ref().map(Service::url));
    for _ in 0..20 {
        get(&upstream).await.unwrap();
    }
    assert_eq!(services.each_ref().map(Service::requests), [10, 10]);
}

#[tokio::test]
async fn who_has_more_to_do_gets_less() {
    let (slow, quick) = (
        Service::start("slow", Manner::Hangs).await,
        Service::start("quick", Manner::Answers).await,
    );
    let upstream = Arc::new(upstream(&[slow.url(), quick.url()]));
    let waiting = {
        let upstream = Arc::clone(&upstream);
        tokio::spawn(async move { get(&upstream).await })
    };
    while slow.requests() == 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..20 {
        assert_eq!(get(&upstream).await.unwrap(), "quick");
    }
    assert_eq!(slow.requests(), 1);
    assert!(waiting.await.unwrap().is_err());
}

#[tokio::test]
async fn where_nobody_listens_the_next_one_is_asked_whatever_the_method() {
    let service = Service::start("there", Manner::Answers).await;
    let upstream = upstream(&[nowhere().await, service.url(), nowhere().await]);
    for _ in 0..10 {
        assert_eq!(post(&upstream).await.unwrap(), "there");
    }
    assert_eq!(service.requests(), 10, "each exactly once");
}

#[tokio::test]
async fn where_nobody_listens_at_all_it_is_said_at_once() {
    let upstream = upstream(&[nowhere().await, nowhere().await]);
    let began = Instant::now();
    assert!(matches!(post(&upstream).await, Err(Failed::Refused { .. })));
    assert!(began.elapsed() < Duration::from_millis(400));
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_again() {
    let service = Service::start("gone", Manner::BreaksOff).await;
    let other = Service::start("other", Manner::BreaksOff).await;
    let upstream = upstream(&[service.url(), other.url()]);
    assert!(matches!(post(&upstream).await, Err(Failed::Lost { .. })));
    assert_eq!(service.requests() + other.requests(), 1);
}

#[tokio::test]
async fn what_changes_nothing_is_asked_of_the_next_one() {
    let (broken, whole) = (
        Service::start("broken", Manner::BreaksOff).await,
        Service::start("whole", Manner::Answers).await,
    );
    let upstream = upstream(&[broken.url(), whole.url()]);
    for _ in 0..6 {
        assert_eq!(get(&upstream).await.unwrap(), "whole");
    }
}

/// A connection that was closed without a word is found out before anything is sent on it, or is
/// the reason for an error; no request is sent twice.
#[tokio::test]
async fn a_connection_that_was_closed_is_not_used_again() {
    let service = Service::start("once", Manner::ClosesAfter).await;
    let upstream = upstream(&[service.url()]);
    let mut answered = 0;
    for round in 1..=50 {
        answered += usize::from(post(&upstream).await.is_ok());
        assert!(service.requests() <= round, "sent twice");
    }
    assert!(answered > 25, "{answered}");
}

#[tokio::test]
async fn nothing_waits_longer_than_it_may() {
    for manner in [Manner::Hangs, Manner::Stalls] {
        let service = Service::start("slow", manner).await;
        let upstream = upstream(&[service.url()]);
        let began = Instant::now();
        assert!(matches!(get(&upstream).await, Err(Failed::TimedOut { .. })));
        let waited = began.elapsed();
        assert!((450..1000).contains(&waited.as_millis()), "{waited:?}");
    }
}

#[tokio::test]
async fn an_answer_that_stands_still_is_broken_off() {
    let service = Service::start("slow", Manner::Stalls).await;
    let options = Options { stall_timeout: Duration::from_millis(200), ..options() };
    let upstream = Upstream::new("orders", &[service.url()], options).unwrap();
    let answer = upstream.send(upstream::get("/").unwrap()).await.unwrap();
    let began = Instant::now();
    assert!(answer.into_body().collect().await.is_err());
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn there_are_as_many_on_their_way_as_may_be() {
    let service = Service::start("slow", Manner::Hangs).await;
    let options = Options { in_flight_max: 2, ..options() };
    let upstream = Arc::new(Upstream::new("orders", &[service.url()], options).unwrap());
    let tasks: Vec<_> = (0..5)
        .map(|_| {
            let upstream = Arc::clone(&upstream);
            tokio::spawn(async move { post(&upstream).await })
        })
        .collect();
    let mut busy = 0;
    for task in tasks {
        busy += usize::from(matches!(task.await.unwrap(), Err(Failed::Busy { .. })));
    }
    assert_eq!((busy, service.requests()), (3, 2));
    // their places are free again
    assert!(matches!(post(&upstream).await, Err(Failed::TimedOut { .. })));
}

#[tokio::test]
async fn a_long_answer_is_not_taken_into_memory() {
    let service = Service::start("a name that is longer than that", Manner::Answers).await;
    let upstream = upstream(&[service.url()]);
    let answer = upstream.ask(upstream::get("/").unwrap(), 8).await;
    assert!(matches!(answer, Err(Failed::Lost { .. })));
}

#[test]
fn a_service_has_an_address() {
    let none: [&str; 0] = [];
    assert!(Upstream::new("orders", &none, options()).is_err());
    assert!(Upstream::new("orders", &["https://x"], options()).is_err());
}
