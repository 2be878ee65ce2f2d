//! The loop that accepts connections: a bound on how many there are, a time limit on sending a
//! request's head, and a shutdown that finishes what is in flight.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::ClientAddress;

/// Limits of a listener.
#[derive(Debug, Clone, Copy)]
pub struct ServeOptions {
    /// Connections open at once; further ones wait in the kernel's queue.
    pub connections_max: usize,
    /// How long a client may take to send a request's head, or to send nothing at all.
    pub head_timeout: Duration,
    /// How long requests in flight may take after the order to stop.
    pub grace: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            connections_max: 16_384,
            head_timeout: Duration::from_secs(30),
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
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(options.connections_max));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(options.head_timeout);
    // bounded: by `stop`
    loop {
        let next = async {
            let place = Arc::clone(&room).acquire_owned().await.ok()?;
            Some((accept(&listener).await, place))
        };
        let ((stream, peer), place) = tokio::select! {
            () = stop.cancelled() => break,
            Some(next) = next => next,
        };
        let from_peer = router.clone().map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ClientAddress(peer.ip()));
            request
        });
        let service = TowerToHyperService::new(from_peer);
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
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    // bounded: ends with the next connection; the caller stops waiting when it is told to
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "Could not switch off Nagle's algorithm");
                }
                return (stream, peer);
            }
            Err(error) => {
                tracing::warn!(%error, "Could not accept a connection");
                rest().await;
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "gives the system time to free descriptors")]
async fn rest() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}
