//! The session token of a request, from headers of any bytes.
#![no_main]

use http::{HeaderMap, HeaderValue, header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Option<&[u8]>, Option<&[u8]>, Option<&[u8]>)| {
    let mut headers = HeaderMap::new();
    let names =
        [header::HeaderName::from_static("x-session-token"), header::AUTHORIZATION, header::COOKIE];
    for (name, value) in names.into_iter().zip([input.0, input.1, input.2]) {
        if let Some(value) = value.and_then(|bytes| HeaderValue::from_bytes(bytes).ok()) {
            headers.insert(name, value);
        }
    }
    if let Some(token) = http_kit::session_token(&headers) {
        assert!(!token.is_empty(), "no token is better than an empty one");
        let is_there = |value: &HeaderValue| value.to_str().is_ok_and(|it| it.contains(token));
        assert!(headers.values().any(is_there), "a token that nobody sent");
    }
});
