//! The edge: what happens around every request. It runs within a trace, within a time limit, with
//! bodies of at most 1 MiB; every refusal leaves as a problem document, the framework's own and a
//! panic's included; and what went wrong is logged here, once.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::header;
use kernel::{Clock, Kind, Refusal};

use crate::observe::{Meter, observe};
use crate::problem::{self, Error};

/// The largest body, in bytes.
pub const BODY_MAX: usize = 1024 * 1024;

/// The longest time from a request's head to its answer's.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Wraps `router` with everything that holds for every request.
pub fn edge(router: Router, clock: Arc<dyn Clock>) -> Router {
    router
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn_with_state(clock, around_each_request))
        .layer(from_fn_with_state(Arc::new(Meter::default()), observe))
}

async fn around_each_request(
    State(clock): State<Arc<dyn Clock>>,
    request: Request,
    next: Next,
) -> Response {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let mut response = answer(request, next).await;
    let Some(error) = refusal_in(&mut response) else {
        return response;
    };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let refusal = error.refusal();
    let status = problem::status_of(refusal.kind).as_u16();
    let causes = error.causes().unwrap_or_default();
    // the log gets no query: clients put secrets there
    let logged = uri.path();
    if status >= 500 {
        tracing::error!(%method, path = logged, status, code = refusal.code, causes,
            "Could not answer {method} {logged}");
    } else {
        tracing::debug!(%method, path = logged, status, code = refusal.code, causes,
            "Refused {method} {logged}");
    }
    let mut document = problem::render(&error, path, clock.now());
    if let Some(allow) = response.headers_mut().remove(header::ALLOW) {
        document.headers_mut().insert(header::ALLOW, allow);
    }
    document
}

/// The handler's answer; a panic and a time-out are answers too.
async fn answer(request: Request, next: Next) -> Response {
    let handled = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(REQUEST_TIMEOUT, handled).await {
        Ok(Ok(response)) => response,
        Ok(Err(_panic)) => Error::from(Refusal::internal()).into_response(),
        Err(_elapsed) => {
            let detail = "The request took too long. It may have been carried out: look first.";
            Error::from(Refusal::new(Kind::Timeout, "timeout", detail)).into_response()
        }
    }
}

/// Tells a refusal from an answer. A refusal is an [`Error`], or a bare status of the framework's;
/// an error response with a JSON body of its own (Kratos' flows have one) is an answer.
fn refusal_in(response: &mut Response) -> Option<Error> {
    if let Some(error) = response.extensions_mut().remove::<Error>() {
        return Some(error);
    }
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    (is_error && !has_json(response)).then(|| problem::refusal_of(status).into())
}

fn has_json(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok()).is_some_and(|kind| kind.contains("json"))
}
