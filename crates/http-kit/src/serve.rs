//! The loop that accepts connections: a bound on how many there are and on how many one address
//! has, time limits on sending a request's head and on reading its answer, and a shutdown that
//! finishes what is in flight.

use std::net::IpAddr;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use telemetry::Repeated;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::client_address::{Peer, TrustedProxies};
use crate::connections::Connections;
use crate::protection::HEADERS_MAX;
use crate::stream::GuardedStream;

/// The largest head that is read at all. The edge refuses much shorter ones, in better words.
const HEAD_MAX: usize = 4 * HEADERS_MAX;

/// What is kept of a connection, each way: what a client sends ahead, and answers it doesn't read.
const BUFFER_MAX: usize = 2 * HEAD_MAX;

/// Said once in a while: without descriptors it is so many times a second.
static NOT_ACCEPTED: Repeated = Repeated::every(Duration::from_secs(60));

/// Limits of a listener.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Connections open at once; further ones wait in the kernel's queue.
    pub connections_max: usize,
    /// Connections of one address, or one IPv6 /64; further ones are closed.
    pub connections_per_address_max: usize,
    /// Peers that aren't counted by address, because they speak for many.
    pub proxies: TrustedProxies,
    /// How long a client may take to send a request's head, and to send nothing at all between
    /// requests.
    pub head_timeout: Duration,
    /// How long a client may read nothing while there is something for it to read.
    pub write_timeout: Duration,
    /// How long requests in flight may take after the order to stop.
    pub grace: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            connections_max: 16_384,
            connections_per_address_max: 1024,
            proxies: TrustedProxies::default(),
            head_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}

/// Serves `router` on `listener` until `stop`, then lets requests in flight finish.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    options: ServeOptions,
) {
    let ServeOptions { connections_max, connections_per_address_max, .. } = options;
    let connections =
        Connections::new(connections_max, connections_per_address_max, options.proxies);
    let graceful = GracefulShutdown::new();
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(options.head_timeout)
        .max_header_size(HEAD_MAX)
        .max_buf_size(BUFFER_MAX);
    // bounded: by `stop`
    loop {
        let next = async {
            let room = connections.room().await?;
            Some((accept(&listener).await, room))
        };
        let ((stream, peer), room) = tokio::select! {
            () = stop.cancelled() => break,
            Some(next) = next => next,
        };
        let Some(place) = connections.give(room, peer) else {
            tracing::debug!(%peer, "Closed a connection: its address has too many");
            continue;
        };
        let router = router.clone();
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            router.clone().oneshot(request)
        });
        let stream = GuardedStream::new(stream, options.write_timeout);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "A connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(options.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("Some requests were still in flight when the time to finish was over");
    }
}

/// The next connection. Errors here (no file descriptors left) pass; they are no reason to stop.
async fn accept(listener: &TcpListener) -> (TcpStream, IpAddr) {
    // bounded: ends with the next connection; the caller stops waiting when it is told to
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "Could not switch off Nagle's algorithm");
                }
                return (stream, peer.ip().to_canonical());
            }
            Err(error) => {
                if let Some(kept_back) = NOT_ACCEPTED.say() {
                    tracing::warn!(%error, kept_back, "Could not accept a connection");
                }
                rest().await;
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "gives the system time to free descriptors")]
async fn rest() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}
