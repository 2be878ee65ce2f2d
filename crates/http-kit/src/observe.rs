//! The outermost layer: every request is a span, is counted and timed by its route, and leaves a
//! line in the log at `debug`. Whatever refuses a request within is seen here.

mod meter;

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::HeaderValue;
use telemetry::span::Span;

use crate::around::{Around, Inner, run};

pub use meter::Meter;

/// The trace of the answer, as the second edition of W3C Trace Context names it
/// (<https://www.w3.org/TR/trace-context-2/#traceresponse-header>).
const TRACERESPONSE: &str = "traceresponse";

/// What a path without a route is called; what clients make up is no label.
const UNMATCHED: &str = "unmatched";

/// Answers a request within its trace, and counts the answer.
impl Around for Meter {
    async fn answer(&self, request: Request, inner: impl Inner) -> Response {
        let traceparent =
            request.headers().get("traceparent").and_then(|value| value.to_str().ok());
        let mut span = Span::of_request(traceparent);
        let route = request.extensions().get::<MatchedPath>().cloned();
        let route = route.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
        let mut watch = self.begin(request.method(), route);
        span.rename(|| format!("{} {route}", watch.method()));
        span.note("http.request.method", watch.method());
        span.note("http.route", route);

        let answering = async {
            let uri = request.uri().clone();
            let response = run(inner, request).await;
            let (status, time) = (response.status().as_u16(), watch.end(response.status()));
            // without the query: clients put secrets there
            let (method, path, ms) =
                (watch.method(), uri.path(), (time.as_micros() as f64) / 1000.0);
            tracing::debug!(method, path, route, status, ms, "Answered");
            response
        };
        let mut response = span.scope(answering).await;
        span.note("http.response.status_code", response.status().as_u16());
        if response.status().is_server_error() {
            span.fail();
        }
        if let Ok(value) = HeaderValue::from_bytes(&span.trace().header()) {
            response.headers_mut().insert(TRACERESPONSE, value);
        }
        response
    }
}
