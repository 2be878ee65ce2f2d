//! One address of a service, and the connections to it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::Options;
use crate::streaming::Streaming;

/// Connections that are kept without use, at most.
const IDLE_MAX: usize = 256;

/// How long an address that refused a connection is asked last.
const REST: Duration = Duration::from_secs(2);

type Sender = SendRequest<Full<Bytes>>;

/// One address of a service.
pub(crate) struct Base(Arc<State>);

struct State {
    /// Host and port, to connect to.
    host: String,
    /// As the header `Host` says it.
    header: HeaderValue,
    in_flight: AtomicUsize,
    pool: Mutex<Pool>,
}

#[derive(Default)]
struct Pool {
    /// Newest last.
    idle: Vec<(Sender, Instant)>,
    rests_until: Option<Instant>,
}

/// A request that is on its way as long as this lives.
pub(crate) struct Place(Arc<State>);

/// Why there is no answer.
pub(crate) enum Unsent {
    /// No place; the request comes back.
    Busy(Request<Full<Bytes>>),
    /// No connection; the request comes back.
    Refused(Request<Full<Bytes>>, String),
    /// It was sent, or a part of it.
    Lost(String),
}

impl Base {
    /// The address `http://host:port`; none if it is none.
    pub(crate) fn of(url: &str) -> Option<Self> {
        let authority = url.strip_prefix("http://")?;
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if authority.is_empty() || authority.contains(['/', '?', '#', '@', ' ']) {
            return None;
        }
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
        let port = if has_port { "" } else { ":80" };
        let header = HeaderValue::from_str(authority).ok()?;
        let (in_flight, pool) = (AtomicUsize::new(0), Mutex::default());
        let host = format!("{authority}{port}");
        Some(Self(Arc::new(State { host, header, in_flight, pool })))
    }

    pub(crate) fn host(&self) -> &str {
        &self.0.host
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.0.in_flight.load(Ordering::Relaxed)
    }

    /// Whether it refused a connection a moment ago.
    pub(crate) fn is_resting(&self, now: Instant) -> bool {
        self.0.pool().rests_until.is_some_and(|until| now < until)
    }

    /// Sends `request` on a connection that is there, or on a new one.
    pub(crate) async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
        options: &Options,
    ) -> Result<Response<Streaming>, Unsent> {
        let Some(place) = self.enter(options.in_flight_max) else {
            return Err(Unsent::Busy(request));
        };
        if !request.headers().contains_key(header::HOST) {
            request.headers_mut().insert(header::HOST, self.0.header.clone());
        }
        // bounded: each round takes a connection out of the pool, or ends
        while let Some(mut sender) = self.0.take(options.idle_timeout) {
            // closed meanwhile, or its last answer was not read to the end
            if sender.ready().await.is_err() {
                continue;
            }
            match try_send(&mut sender, request).await {
                Ok(response) => return Ok(place.hand_over(response, sender, options)),
                Err(Unsent::Refused(unsent, _closed)) => request = unsent,
                Err(other) => return Err(other),
            }
        }
        let mut sender = match self.0.connect(options.connect_timeout).await {
            Ok(sender) => sender,
            Err(reason) => {
                self.0.pool().rests_until = Some(Instant::now() + REST);
                return Err(Unsent::Refused(request, reason));
            }
        };
        let response = try_send(&mut sender, request).await?;
        Ok(place.hand_over(response, sender, options))
    }

    fn enter(&self, in_flight_max: usize) -> Option<Place> {
        let before = self.0.in_flight.fetch_add(1, Ordering::Relaxed);
        let place = Place(Arc::clone(&self.0));
        (before < in_flight_max).then_some(place)
    }
}

async fn try_send(
    sender: &mut Sender,
    request: Request<Full<Bytes>>,
) -> Result<Response<Incoming>, Unsent> {
    sender.try_send_request(request).await.map_err(|mut error| {
        let reason = error.error().to_string();
        match error.take_message() {
            Some(unsent) => Unsent::Refused(unsent, reason),
            None => Unsent::Lost(reason),
        }
    })
}

impl State {
    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that was used lately. Older ones are let go.
    fn take(&self, idle_timeout: Duration) -> Option<Sender> {
        let now = Instant::now();
        let mut pool = self.pool();
        let is_old = |since: &Instant| now.duration_since(*since) > idle_timeout;
        if pool.idle.first().is_some_and(|(_, since)| is_old(since)) {
            pool.idle.retain(|(sender, since)| !is_old(since) && !sender.is_closed());
        }
        pool.idle.pop().map(|(sender, _)| sender)
    }

    async fn connect(&self, patience: Duration) -> Result<Sender, String> {
        let connecting = async {
            let stream = TcpStream::connect(&self.host).await.map_err(|error| error.to_string())?;
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "Could not switch off Nagle's algorithm");
            }
            let shaken = http1::handshake(TokioIo::new(stream)).await;
            shaken.map_err(|error| error.to_string())
        };
        let connected = timeout(patience, connecting).await;
        let (sender, connection) =
            connected.map_err(|_elapsed| "no connection in time".to_owned())??;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "A connection to a service ended early");
            }
        });
        self.pool().rests_until = None;
        Ok(sender)
    }
}

impl Place {
    /// The answer, which keeps the place and, when it is read, puts the connection back.
    fn hand_over(
        self,
        response: Response<Incoming>,
        sender: Sender,
        options: &Options,
    ) -> Response<Streaming> {
        response.map(|body| Streaming::new(body, sender, self, options.stall_timeout))
    }

    /// Keeps a connection for who comes next.
    pub(crate) fn put_back(&self, sender: Sender) {
        let mut pool = self.0.pool();
        if pool.idle.len() < IDLE_MAX && !sender.is_closed() {
            pool.idle.push((sender, Instant::now()));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        let host = |url: &str| Base::of(url).map(|base| base.host().to_owned());
        assert_eq!(host("http://10.0.0.1:8080/").as_deref(), Some("10.0.0.1:8080"));
        assert_eq!(host("http://auth").as_deref(), Some("auth:80"));
        assert_eq!(host("http://[::1]").as_deref(), Some("[::1]:80"));
        assert_eq!(host("http://[::1]:81").as_deref(), Some("[::1]:81"));
        for wrong in ["https://auth", "auth", "http://", "http://a/b", "http://u:p@a"] {
            assert!(host(wrong).is_none(), "{wrong}");
        }
    }
}
