//! Answers are compressed by gzip where that helps and harms nothing.

use std::convert::Infallible;
use std::future::ready;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate, SizeAbove};

/// Answers smaller than this gain nothing: they fit into one packet anyway.
const SMALL: u64 = 1024;

const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// Answers under these paths hold secrets (session and CSRF tokens) beside what a client wrote.
/// Their compressed size would tell of the secrets (the attack called BREACH).
const SECRET: [&str; 2] = ["/self-service/", "/sessions"];

/// Says what the client takes in the one form that can't be refused: gzip, or nothing. A client
/// that refuses everything gets the plain answer rather than a 406 (RFC 9110, 12.4.1, leaves the
/// choice), because by then a request that changes something would have changed it.
pub(crate) fn negotiate(request: &mut Request) {
    if !request.headers().contains_key(header::ACCEPT_ENCODING) {
        return;
    }
    let is_secret = SECRET.iter().any(|secret| request.uri().path().starts_with(secret));
    let headers = request.headers_mut();
    if !is_secret && takes_gzip(headers) {
        headers.insert(header::ACCEPT_ENCODING, GZIP);
    } else {
        headers.remove(header::ACCEPT_ENCODING);
    }
}

/// Compresses an answer, if that helps.
pub(crate) async fn compress(response: Response) -> Response {
    let mut wish = http::Request::new(Body::empty());
    wish.headers_mut().insert(header::ACCEPT_ENCODING, GZIP);
    let mut answer = Some(response);
    let answered =
        service_fn(move |_| ready(Ok::<_, Infallible>(answer.take().unwrap_or_default())));
    // a page is a third larger than at its smallest, and takes half of the time
    let layer = CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(helps());
    let Ok(response): Result<_, Infallible> = layer.layer(answered).oneshot(wish).await;
    response.map(Body::new)
}

/// Says of an answer that stays plain for this client that others may get it compressed: what
/// [`compress`] says of those. Caches need to know.
pub(crate) fn tell(response: &mut Response) {
    let headers = response.headers();
    let is_encoded = headers.contains_key(header::CONTENT_ENCODING);
    if !is_encoded && helps().should_compress(response) && !varies(response.headers()) {
        let value = HeaderValue::from_static("accept-encoding");
        response.headers_mut().append(header::VARY, value);
    }
}

/// Which answers are compressed: not small ones, images, and streams of events, which it would
/// hold back.
fn helps() -> impl Predicate {
    SizeAbove::new(SMALL).and(DefaultPredicate::new())
}

/// Whether an answer says already that it depends on what the client takes.
fn varies(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::VARY).iter().filter_map(|line| line.to_str().ok());
    lines.any(|line| line.to_ascii_lowercase().contains("accept-encoding"))
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut codings = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let name = name.trim();
        let is_gzip = name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip");
        let weight = weight.trim().trim_start_matches(['q', 'Q', '=', ' ']);
        is_gzip && weight.parse::<f32>().is_ok_and(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_where_it_is_named_and_not_refused() {
        let takes = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            takes_gzip(&headers)
        };
        for value in ["gzip", "br, GZIP", "gzip;q=0.5", "deflate, gzip; q=1.0", "x-gzip"] {
            assert!(takes(value), "{value}");
        }
        for value in ["", "identity", "gzip;q=0", "*;q=0", "br", "gzipped", "gzip;q=no", "*"] {
            assert!(!takes(value), "{value}");
        }
    }
}
