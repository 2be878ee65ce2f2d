//! Other sites: which of them may read answers in a browser (CORS), and which requests a browser
//! sends because another site told it to (CSRF).

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, header};
use kernel::{Kind, Refusal, WebOrigin};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::csrf::CsrfLayer;

use crate::caller::is_by_cookie;
use crate::idempotency;

/// How long a browser remembers what a preflight said.
const PREFLIGHT_AGE: Duration = Duration::from_secs(3600);

/// What pages of other origins may send beside what every page may.
const ALLOWED_HEADERS: [HeaderName; 7] = [
    header::ACCEPT,
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("x-csrf-token"),
    HeaderName::from_static("x-session-token"),
];

/// What they may read beside what every page may.
const EXPOSED_HEADERS: [HeaderName; 8] = [
    header::LINK,
    header::LOCATION,
    header::RETRY_AFTER,
    idempotency::REPLAYED,
    HeaderName::from_static("ratelimit-limit"),
    HeaderName::from_static("ratelimit-remaining"),
    HeaderName::from_static("ratelimit-reset"),
    HeaderName::from_static("traceresponse"),
];

/// Answers preflights, and lets pages of exactly these `origins` read answers, signed in by their
/// cookie or otherwise. No other origin is ever reflected.
pub(crate) fn cors(origins: &[WebOrigin]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE])
        .allow_headers(ALLOWED_HEADERS)
        .expose_headers(EXPOSED_HEADERS)
        .max_age(PREFLIGHT_AGE)
}

/// Tells requests that our own pages, or those of trusted origins, sent from those that another
/// site made a browser send, by `Sec-Fetch-Site` and `Origin` (the algorithm of Go's
/// `CrossOriginProtection`, by tower-http).
#[derive(Clone)]
pub struct CrossSite {
    judge: CsrfLayer,
}

impl CrossSite {
    /// A judge who trusts `origins`, and what comes from the host that was asked.
    #[must_use]
    pub fn new(origins: impl IntoIterator<Item = WebOrigin>) -> Self {
        let trust = |judge: CsrfLayer, origin: WebOrigin| {
            // an origin is parsed more strictly than this; it can't be refused
            judge.clone().add_trusted_origin(origin.as_str()).unwrap_or(judge)
        };
        Self { judge: origins.into_iter().fold(CsrfLayer::new(), trust) }
    }

    /// The head of a request that changes something, and is signed in by nothing but the cookie
    /// that browsers send along. Clients that show a token themselves, and those without a cookie,
    /// can't be made to by another site.
    ///
    /// Sign-in flows have CSRF tokens of their own, so this looks at the API and at sessions only.
    pub(crate) fn suspects<B>(request: &http::Request<B>) -> Option<http::Request<()>> {
        let is_at_risk = !request.method().is_safe()
            && ["/api/", "/sessions"].iter().any(|path| request.uri().path().starts_with(path))
            && is_by_cookie(request.headers());
        is_at_risk.then(|| {
            let mut head = http::Request::new(());
            *head.method_mut() = request.method().clone();
            *head.uri_mut() = request.uri().clone();
            head.headers_mut().clone_from(request.headers());
            head
        })
    }

    /// Refuses what [`Self::suspects`] found, unless a page we trust has sent it.
    pub(crate) async fn judge(&self, head: http::Request<()>) -> Result<(), Refusal> {
        let pass = service_fn(|_: http::Request<()>| async {
            Ok::<_, std::convert::Infallible>(http::Response::new(String::new()))
        });
        let Ok(verdict) = self.judge.layer(pass).oneshot(head).await;
        if verdict.status().is_success() {
            return Ok(());
        }
        let detail = "Another site told your browser to send this. Nothing was done.";
        Err(Refusal::new(Kind::Forbidden, "cross-site-request", detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: (&str, &str) = ("cookie", "ory_kratos_session=abc");

    async fn is_let_in(method: Method, path: &str, headers: &[(&str, &str)]) -> bool {
        let trusted = ["https://tickets.example", "https://shop.example"];
        let judge = CrossSite::new(trusted.map(|origin| origin.parse().unwrap()));
        let mut request =
            http::Request::builder().method(method).uri(path).header("host", "10.0.0.1:80");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match CrossSite::suspects(&request.body(()).unwrap()) {
            Some(head) => judge.judge(head).await.is_ok(),
            None => true,
        }
    }

    async fn post(headers: &[(&str, &str)]) -> bool {
        is_let_in(Method::POST, "/api/orders", headers).await
    }

    #[tokio::test]
    async fn another_site_can_not_use_the_cookie() {
        assert!(!post(&[COOKIE, ("sec-fetch-site", "cross-site")]).await);
        assert!(!post(&[COOKIE, ("sec-fetch-site", "same-site")]).await, "a sister domain neither");
        assert!(!post(&[COOKIE, ("origin", "https://evil.example")]).await, "an old browser");
        assert!(!post(&[COOKIE, ("origin", "null")]).await, "a sandboxed frame");
        assert!(!post(&[COOKIE, ("origin", "https://shop.example.evil.example")]).await);
        let cookies = ("cookie", "theme=dark; ory_kratos_session=abc");
        assert!(!post(&[cookies, ("sec-fetch-site", "cross-site")]).await);
        for method in [Method::PATCH, Method::DELETE, Method::PUT] {
            let headers = [COOKIE, ("sec-fetch-site", "cross-site")];
            assert!(!is_let_in(method, "/api/tickets/7", &headers).await);
        }
        let no_bearer = ("authorization", "Basic YTpi");
        assert!(!post(&[COOKIE, no_bearer, ("sec-fetch-site", "cross-site")]).await);
    }

    #[tokio::test]
    async fn our_pages_and_trusted_ones_may() {
        assert!(post(&[COOKIE, ("sec-fetch-site", "same-origin")]).await);
        assert!(post(&[COOKIE, ("origin", "http://10.0.0.1:80")]).await);
        let cross_site = ("sec-fetch-site", "cross-site");
        for origin in ["https://tickets.example", "https://shop.example"] {
            assert!(post(&[COOKIE, cross_site, ("origin", origin)]).await, "{origin}");
        }
    }

    #[tokio::test]
    async fn who_is_no_browser_or_shows_a_token_passes() {
        assert!(post(&[COOKIE]).await, "curl with a cookie");
        let cross_site = ("sec-fetch-site", "cross-site");
        assert!(post(&[cross_site]).await, "no cookie, nothing to steal");
        assert!(post(&[("authorization", "Bearer abc"), cross_site]).await);
        assert!(post(&[COOKIE, ("x-session-token", "abc"), cross_site]).await);
        assert!(is_let_in(Method::GET, "/api/orders", &[COOKIE, cross_site]).await);
    }
}
