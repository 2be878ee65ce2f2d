//! The outermost layer: every request is a span, is counted and timed by its route, and leaves a
//! line in the log at `debug`. Whatever refuses a request within is seen here.

mod meter;

use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use http::{HeaderName, HeaderValue};
use telemetry::span::Span;

use crate::around::{Answering, Around, Inner};

pub use meter::Meter;

/// The trace of the answer, as the second edition of W3C Trace Context names it
/// (<https://www.w3.org/TR/trace-context-2/#traceresponse-header>).
const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");

/// What a path without a route is called; what clients make up is no label.
const UNMATCHED: &str = "unmatched";

/// Answers a request within its trace, and counts the answer.
impl Around for Meter {
    fn answer(self: Arc<Self>, request: Request, mut inner: impl Inner) -> Answering {
        Box::pin(async move {
            let traceparent = request.headers().get("traceparent");
            let mut span = Span::of_request(traceparent.and_then(|value| value.to_str().ok()));
            let route = request.extensions().get::<MatchedPath>().cloned();
            let route = route.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
            let mut watch = self.begin(request.method(), route);
            span.rename(|| format!("{} {route}", watch.method()));
            span.note("http.request.method", watch.method());
            span.note("http.route", route);

            let uri = request.uri().clone();
            let Ok(mut response) = span.scope(inner.call(request)).await;
            let (status, time) = (response.status().as_u16(), watch.end(response.status()));
            span.within(|| {
                // without the query: clients put secrets there
                let (method, path) = (watch.method(), uri.path());
                let ms = (time.as_micros() as f64) / 1000.0;
                tracing::debug!(method, path, route, status, ms, "Answered");
            });
            span.note("http.response.status_code", status);
            if response.status().is_server_error() {
                span.fail();
            }
            if let Ok(value) = HeaderValue::from_bytes(&span.trace().header()) {
                response.headers_mut().insert(TRACERESPONSE, value);
            }
            Ok(response)
        })
    }
}
