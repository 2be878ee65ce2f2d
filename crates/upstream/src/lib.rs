//! Other processes of the exchange, asked by HTTP: a service behind one or several addresses.
//!
//! A request goes to the address with the fewest requests on their way. Where nobody listens it
//! goes to the next one; nothing was sent then, so that is safe for every request. One that was
//! sent and not answered is sent again only if its method promises that this does no harm; for
//! others nobody knows what came of them, and the asker is told so ([`Failed`]).
//!
//! Connections are kept and used again, newest first. There are as many as requests on their way,
//! which [`Options::in_flight_max`] bounds. Services speak plain HTTP/1.1 among themselves.
//!
//! Reading order: [`Upstream`], `base` (one address and its connections), `streaming` (an answer
//! that is still arriving), `failed`.

mod base;
mod failed;
mod streaming;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use tokio::time::{Instant, timeout_at};

use base::{Base, Unsent};
pub use failed::Failed;
pub use streaming::Streaming;

/// The W3C trace that a request belongs to.
const TRACEPARENT: &str = "traceparent";

/// How patient it is.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long the head of an answer may take, over all tries; with [`Upstream::ask`], the whole.
    pub answer_timeout: Duration,
    /// How long an answer may stand still once it has begun.
    pub stall_timeout: Duration,
    /// How long a connection is kept without use. Shorter than what the services allow, so that
    /// it isn't closed just when it is used.
    pub idle_timeout: Duration,
    /// Requests on their way to one address.
    pub in_flight_max: usize,
}

impl Default for Options {
    /// Two seconds for an answer.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(1),
            answer_timeout: Duration::from_secs(2),
            stall_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(2),
            in_flight_max: 1024,
        }
    }
}

/// A service.
pub struct Upstream {
    name: &'static str,
    bases: Box<[Base]>,
    /// Whose turn it is, among those with as few requests.
    turn: AtomicUsize,
    options: Options,
}

impl Upstream {
    /// The service `name` at these addresses (`http://host:port`).
    ///
    /// # Errors
    /// [`Failed::NoAddress`] when there is none, or one is none.
    pub fn new<S: AsRef<str>>(
        name: &'static str,
        urls: &[S],
        options: Options,
    ) -> Result<Self, Failed> {
        let bases = urls.iter().map(|url| Base::of(url.as_ref()));
        let bases: Option<Box<[Base]>> = bases.collect();
        match bases.filter(|bases| !bases.is_empty()) {
            Some(bases) => Ok(Self { name, bases, turn: AtomicUsize::new(0), options }),
            None => Err(Failed::NoAddress { name }),
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Sends `request`, whose URI is a path with its query. Without a `Host` it gets the address's
    /// own, and without a `traceparent` that of the task. Answers as soon as the head is there.
    ///
    /// # Errors
    /// [`Failed`]; only [`Failed::Refused`] and [`Failed::Busy`] mean that nothing was sent.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Streaming>, Failed> {
        let deadline = Instant::now() + self.options.answer_timeout;
        self.send_until(request, deadline).await
    }

    /// As [`Self::send`], and waits for the whole answer, of `length_max` bytes at most.
    ///
    /// # Errors
    /// As [`Self::send`]; an answer that is longer, or broken off, is [`Failed::Lost`].
    pub async fn ask(
        &self,
        request: Request<Full<Bytes>>,
        length_max: usize,
    ) -> Result<Response<Bytes>, Failed> {
        let deadline = Instant::now() + self.options.answer_timeout;
        let (head, body) = self.send_until(request, deadline).await?.into_parts();
        let name = self.name;
        let whole = timeout_at(deadline, Limited::new(body, length_max).collect()).await;
        let whole = whole.map_err(|_elapsed| Failed::TimedOut { name })?;
        let lost = |error: Box<dyn std::error::Error + Send + Sync>| Failed::Lost {
            name,
            reason: error.to_string(),
        };
        Ok(Response::from_parts(head, whole.map_err(lost)?.to_bytes()))
    }

    async fn send_until(
        &self,
        mut request: Request<Full<Bytes>>,
        deadline: Instant,
    ) -> Result<Response<Streaming>, Failed> {
        carry_trace(&mut request);
        let name = self.name;
        let mut spare = is_repeatable(request.method()).then(|| request.clone());
        let mut refused = Failed::Busy { name };
        // bounded: each address is tried once, and once more after an answer was lost
        for base in self.in_order() {
            let sent = timeout_at(deadline, base.send(request, &self.options)).await;
            match sent.map_err(|_elapsed| Failed::TimedOut { name })? {
                Ok(response) => return Ok(response),
                Err(Unsent::Busy(unsent)) => request = unsent,
                Err(Unsent::Refused(unsent, reason)) => {
                    tracing::debug!(name, base = base.host(), reason, "Nobody listens");
                    refused = Failed::Refused { name, reason };
                    request = unsent;
                }
                Err(Unsent::Lost(reason)) => {
                    tracing::debug!(name, base = base.host(), reason, "An answer was lost");
                    let Some(again) = spare.take() else {
                        return Err(Failed::Lost { name, reason });
                    };
                    request = again;
                    refused = Failed::Lost { name, reason };
                }
            }
        }
        Err(refused)
    }

    /// The addresses in the order in which they are to be tried, and then the first once more.
    fn in_order(&self) -> impl Iterator<Item = &Base> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.bases.len();
        let (before, after) = self.bases.split_at(turn);
        let mut order: Vec<&Base> = after.iter().chain(before).collect();
        let now = Instant::now();
        order.sort_by_cached_key(|base| (base.is_resting(now), base.in_flight()));
        order.extend(order.first().copied());
        order.into_iter()
    }
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hosts: Vec<_> = self.bases.iter().map(Base::host).collect();
        f.debug_struct("Upstream").field("name", &self.name).field("hosts", &hosts).finish()
    }
}

/// Methods by which a client asks for no change (RFC 9110, 9.2.1).
const fn is_repeatable(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn carry_trace(request: &mut Request<Full<Bytes>>) {
    if request.headers().contains_key(TRACEPARENT) {
        return;
    }
    let here = telemetry::trace::current().map(|trace| trace.header());
    if let Some(Ok(value)) = here.map(|header| HeaderValue::from_bytes(&header)) {
        request.headers_mut().insert(TRACEPARENT, value);
    }
}

/// A request for `path` (with its query) without a body.
///
/// # Errors
/// When `path` is none.
pub fn get(path: &str) -> Result<Request<Full<Bytes>>, http::Error> {
    Request::get(path).body(Full::default())
}

/// A request with a body of JSON.
///
/// # Errors
/// When `path` is none.
pub fn json(
    method: Method,
    path: &str,
    body: impl Into<Bytes>,
) -> Result<Request<Full<Bytes>>, http::Error> {
    let request = Request::builder().method(method).uri(path);
    request.header(header::CONTENT_TYPE, "application/json").body(Full::new(body.into()))
}
