//! What protects the exchange from floods, slow clients and other sites, in one value: the limits
//! that [`crate::edge`] holds every request to.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode, Uri};
use kernel::{Refusal, WebOrigin};
use ory::ServiceKey;
use tokio_util::sync::CancellationToken;

use crate::admission::Admission;
use crate::client_address::TrustedProxies;
use crate::cross_site::CrossSite;
use crate::problem::refusal_of;
use crate::rate_limit::{FORGET_EVERY, RateLimits};
use crate::request_body::{BODY_MAX, RequestBodies};

/// The longest path with its query, in bytes. A search has room for all its filters.
const URI_MAX: usize = 8 * 1024;

/// The most bytes of all header fields together.
pub(crate) const HEADERS_MAX: usize = 16 * 1024;

/// Limits for every request.
pub struct Protection {
    /// Who is believed about where a request comes from.
    pub proxies: TrustedProxies,
    /// How often somebody may ask; none means as often as they like.
    pub rate_limits: Option<Arc<RateLimits>>,
    /// How many requests are worked on at once.
    pub admission: Admission,
    /// How bodies are read.
    pub bodies: RequestBodies,
    /// Which sites may make a browser send requests.
    pub cross_site: CrossSite,
    /// Pages of these origins may read answers.
    pub cors: Vec<WebOrigin>,
    /// Whether clients reach the exchange by HTTPS.
    pub is_https: bool,
    /// By what other services are known, where there are some. They ask for many people, so the
    /// rate limits aren't for them.
    pub service_key: Option<ServiceKey>,
}

impl Default for Protection {
    /// Room for much, no rate limits, no other origins: for tests of a part.
    fn default() -> Self {
        Self {
            proxies: TrustedProxies::default(),
            rate_limits: None,
            admission: Admission::new(1024),
            bodies: RequestBodies::new(Duration::from_secs(30), 64 * BODY_MAX),
            cross_site: CrossSite::new([]),
            cors: Vec::new(),
            is_https: false,
            service_key: None,
        }
    }
}

impl Protection {
    /// Whether a request with these headers comes from a service of ours.
    pub(crate) fn is_from_service(&self, headers: &HeaderMap) -> bool {
        self.service_key.as_ref().is_some_and(|key| key.is_shown(headers))
    }

    /// Forgets whom the rate limits needn't remember, until `stop`.
    pub async fn look_after(self: Arc<Self>, stop: CancellationToken) {
        let mut tick = tokio::time::interval(FORGET_EVERY);
        // bounded: by `stop`
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Some(limits) = &self.rate_limits {
                limits.forget();
            }
        }
    }
}

/// Refuses a request whose head is larger than any that makes sense here.
pub(crate) fn check_head(uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    if uri.path().len() + uri.query().map_or(0, str::len) > URI_MAX {
        return Err(refusal_of(StatusCode::URI_TOO_LONG));
    }
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > HEADERS_MAX {
        return Err(refusal_of(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
    }
    Ok(())
}
