//! `GET /metrics`: what Prometheus reads.
//!
//! It tells more than strangers should know (how many orders, how many people), so it is there
//! for those who bring the token, or without one configured, for this machine itself; for
//! everybody else there is no such path.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::future::{BoxFuture, join_all};
use http::{Extensions, HeaderMap, HeaderValue, header};
use http_kit::ClientAddress;
use http_kit::problem::status_of;
use kernel::Kind;
use store::StoreError;
use subtle::ConstantTimeEq;
use telemetry::metrics::Recorder;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::health::vitals::Health;

/// Prometheus' text format (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What was counted in a database counts for so long.
const FRESH: Duration = Duration::from_secs(5);

/// How long counting may take; what takes longer keeps its last value.
const PATIENCE: Duration = Duration::from_secs(2);

/// Headers by which a proxy says that it asks for somebody else.
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// A context's own counting, made when somebody wants to know.
pub type Gauges = Box<dyn Fn() -> BoxFuture<'static, Result<(), StoreError>> + Send + Sync>;

/// Who may read the metrics.
#[derive(Debug, Clone)]
pub enum Access {
    /// Who brings this token.
    Token(String),
    /// This machine itself.
    Loopback,
    /// Nobody: without a token, behind a proxy, the outside can't be told from this machine.
    Nobody,
}

/// Where the metrics come from.
pub(crate) struct Scrape {
    pub(crate) access: Access,
    pub(crate) recorder: Recorder,
    pub(crate) health: Arc<Health>,
    pub(crate) gauges: Vec<Gauges>,
    pub(crate) counted: Mutex<Option<Instant>>,
}

/// Shows the metrics, as Prometheus reads them.
///
/// To who brings the configured token; without one, to this machine itself.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    responses(
        (status = 200, description = "The metrics.", body = String, content_type = "text/plain"),
        (status = 404, description = "`unknown-path`: not to you."),
    ),
    security((), ("metricsToken" = [])),
)]
pub(crate) async fn metrics(
    State(scrape): State<Arc<Scrape>>,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let peer = extensions.get::<ClientAddress>().map(|ClientAddress(address)| *address);
    if !scrape.access.admits(&headers, peer) {
        return status_of(Kind::NotFound).into_response();
    }
    scrape.health.look().await;
    scrape.count().await;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(TEXT)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, scrape.recorder.render()).into_response()
}

impl Scrape {
    async fn count(&self) {
        let mut counted = self.counted.lock().await;
        if counted.is_some_and(|at| at.elapsed() < FRESH) {
            return;
        }
        join_all(self.gauges.iter().map(|gauge| async {
            match timeout(PATIENCE, gauge()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "Could not count for the metrics"),
                Err(_elapsed) => tracing::debug!("Counting for the metrics took too long"),
            }
        }))
        .await;
        *counted = Some(Instant::now());
    }
}

impl Access {
    fn admits(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> bool {
        match self {
            Self::Token(token) => {
                let bearer = headers.get(header::AUTHORIZATION);
                let bearer = bearer.and_then(|value| {
                    let (scheme, token) = value.as_bytes().split_at_checked(b"Bearer ".len())?;
                    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
                });
                // takes as long wherever they differ
                bearer.is_some_and(|bearer| bearer.ct_eq(token.as_bytes()).into())
            }
            Self::Loopback => {
                let is_forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name));
                !is_forwarded && peer.is_some_and(|peer| peer.to_canonical().is_loopback())
            }
            Self::Nobody => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(access: &Access, headers: &[(&'static str, &'static str)], peer: &str) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
        access.admits(&headers.collect(), peer.parse().ok())
    }

    #[test]
    fn this_machine_reads_and_a_proxy_on_it_does_not() {
        let loopback = Access::Loopback;
        assert!(admits(&loopback, &[], "127.0.0.1"));
        assert!(admits(&loopback, &[], "::1"));
        assert!(admits(&loopback, &[], "::ffff:127.0.0.1"));
        assert!(!admits(&loopback, &[], "192.0.2.1"));
        assert!(!admits(&loopback, &[], "unknown"));
        for name in FORWARDED {
            assert!(!admits(&loopback, &[(name, "127.0.0.1")], "127.0.0.1"), "{name}");
        }
    }

    #[test]
    fn a_token_is_all_or_nothing() {
        let token = Access::Token("correct horse".to_owned());
        assert!(admits(&token, &[("authorization", "Bearer correct horse")], "192.0.2.1"));
        assert!(admits(&token, &[("authorization", "bearer correct horse")], "192.0.2.1"));
        assert!(!admits(&token, &[], "127.0.0.1"), "this machine needs it, too");
        for wrong in ["Bearer ", "Bearer correct hors", "Bearer correct horsE", "correct horse"] {
            assert!(!admits(&token, &[("authorization", wrong)], "127.0.0.1"), "{wrong}");
        }
        assert!(!admits(&Access::Nobody, &[], "127.0.0.1"));
    }
}
