//! Refusals for people. A browser that goes somewhere shows what it gets: a problem document, too,
//! in which nobody can read what to do next. Whoever serves pages says it in one of theirs.

use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Request, Uri, header};
use kernel::Refusal;

/// What of a problem document holds for its page as well.
const KEPT: [HeaderName; 4] =
    [header::RETRY_AFTER, header::ALLOW, header::CONNECTION, header::WWW_AUTHENTICATE];

/// Pages about what the edge refuses.
pub trait RefusalPages: Send + Sync {
    /// Whether a request for `uri` with `headers` is to be refused by a page.
    fn are_for(&self, uri: &Uri, headers: &HeaderMap) -> bool;

    /// The page about `refusal` for who sent a request with this head.
    fn show(&self, head: &Parts, refusal: &Refusal) -> Response;
}

/// The head of `request`, as far as a page may need it; by itself, since whoever answers the
/// request takes the whole of it.
pub(crate) fn head_of<B>(request: &Request<B>) -> Box<Parts> {
    let (mut head, ()) = Request::new(()).into_parts();
    head.method = request.method().clone();
    head.uri = request.uri().clone();
    head.headers.clone_from(request.headers());
    Box::new(head)
}

/// `page` in place of `document`: with its status and what it says to machines.
pub(crate) fn in_place_of(document: &Response, mut page: Response) -> Response {
    *page.status_mut() = document.status();
    for name in KEPT {
        if let Some(value) = document.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}
