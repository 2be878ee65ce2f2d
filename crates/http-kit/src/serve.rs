//! The loop that accepts connections: a bound on how many there are and on how many one address
//! has, time limits on sending a request's head and on reading its answer, and a shutdown that
//! finishes what is in flight.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use http::{HeaderValue, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use telemetry::Repeated;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
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
    /// Cancelled when the order to stop is near: from then on each answer closes its connection,
    /// so that who keeps connections, such as a proxy, goes elsewhere with the next request.
    pub leaving: CancellationToken,
    /// How long, after the order to stop, connections may go on until they have got that answer.
    /// Without this, those that are idle are closed at once, even if a request is on its way.
    pub linger: Duration,
    /// How long requests in flight may take after that.
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
            leaving: CancellationToken::new(),
            linger: Duration::ZERO,
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
    let (leaving, linger, grace) = (options.leaving.clone(), options.linger, options.grace);
    let serving = Serving::new(router, options);
    // bounded: by `stop`
    loop {
        let next = async {
            let room = serving.connections.room().await?;
            Some((accept(&listener).await, room))
        };
        tokio::select! {
            () = stop.cancelled() => break,
            () = leaving.cancelled(), if !serving.says_goodbye() => serving.say_goodbye(),
            Some(((stream, peer), room)) = next => serving.take(stream, peer, room),
        }
    }
    if linger.is_zero() {
        drop(listener);
    } else {
        serving.say_goodbye();
        serving.take_waiting(listener);
        // whoever is here has been told to go, or is about to
        let _late = tokio::time::timeout(linger, serving.connections.none_left()).await;
    }
    if tokio::time::timeout(grace, serving.graceful.shutdown()).await.is_err() {
        tracing::warn!("Some requests were still in flight when the time to finish was over");
    }
}

/// What every connection is served with.
struct Serving {
    router: Router,
    builder: http1::Builder,
    connections: Arc<Connections>,
    graceful: GracefulShutdown,
    goodbye: Arc<AtomicBool>,
    write_timeout: Duration,
}

impl Serving {
    fn new(router: Router, options: ServeOptions) -> Self {
        let ServeOptions { connections_max, connections_per_address_max, .. } = options;
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(options.head_timeout)
            .max_header_size(HEAD_MAX)
            .max_buf_size(BUFFER_MAX);
        Self {
            router,
            builder,
            connections: Connections::new(
                connections_max,
                connections_per_address_max,
                options.proxies,
            ),
            graceful: GracefulShutdown::new(),
            goodbye: Arc::default(),
            write_timeout: options.write_timeout,
        }
    }

    /// From now on, each answer is its connection's last.
    fn say_goodbye(&self) {
        self.goodbye.store(true, Ordering::Relaxed);
    }

    fn says_goodbye(&self) -> bool {
        self.goodbye.load(Ordering::Relaxed)
    }

    /// Serves a connection, in a task of its own.
    fn take(&self, stream: TcpStream, peer: IpAddr, room: OwnedSemaphorePermit) {
        let Some(place) = self.connections.give(room, peer) else {
            tracing::debug!(%peer, "Closed a connection: its address has too many");
            return;
        };
        let (router, goodbye) = (self.router.clone(), Arc::clone(&self.goodbye));
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            let (answering, goodbye) = (router.clone().oneshot(request), Arc::clone(&goodbye));
            async move {
                let mut answer = answering.await;
                if let Ok(answer) = &mut answer
                    && goodbye.load(Ordering::Relaxed)
                {
                    let close = HeaderValue::from_static("close");
                    answer.headers_mut().insert(header::CONNECTION, close);
                }
                answer
            }
        });
        let stream = GuardedStream::new(stream, self.write_timeout);
        let connection = self.builder.serve_connection(TokioIo::new(stream), service);
        let connection = self.graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "A connection ended early");
            }
            drop(place);
        });
    }

    /// Serves those as well whose connection the system has accepted already; with the listener
    /// they would be cut off, perhaps after having sent their request.
    fn take_waiting(&self, listener: TcpListener) {
        let Ok(listener) = listener.into_std() else { return };
        // bounded: by the kernel's queue, which nothing but new connections fills, and by the room
        while let Some(room) = self.connections.room_now() {
            let Ok((stream, peer)) = listener.accept() else { return };
            let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
            if let Ok(stream) = stream {
                self.take(stream, peer.ip().to_canonical(), room);
            }
        }
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
