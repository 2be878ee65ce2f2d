//! The header `Idempotency-Key`, and what a request says beside it.

use std::borrow::Cow;

use axum::extract::{FromRequest, Request};
use http::{HeaderMap, HeaderName, Method, Uri};
use kernel::{Refusal, UserId};
use outbox::Asked;
use sha2::{Digest, Sha256};

use crate::body::{self, Fields};
use crate::problem::Error;

/// Names a request, so that it can be repeated.
pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key, in characters.
const KEY_MAX: usize = 255;

/// A POST with a JSON object as its body. Extracting it refuses a malformed key as well.
#[derive(Debug)]
pub struct Post {
    /// The body's fields.
    pub fields: Fields,
    /// How the client names the request, if it does.
    pub key: Option<Key>,
}

/// How a client names a request, and what the request says.
#[derive(Debug)]
pub struct Key {
    text: String,
    fingerprint: [u8; 32],
    /// With its query, for the problem document that is remembered.
    path: String,
}

impl<S: Send + Sync> FromRequest<S> for Post {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let key = key_in(request.headers())?;
        let key = key.map(|text| (text, request.method().clone(), request.uri().clone()));
        let body = body::read(request, state).await?;
        let key = key.map(|(text, method, uri)| Key::new(text, &method, &uri, &body));
        Ok(Self { fields: Fields::parse(&body)?, key })
    }
}

impl Key {
    fn new(text: String, method: &Method, uri: &Uri, body: &[u8]) -> Self {
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let head = format!("{method} {path}\n");
        let fingerprint = Sha256::new().chain_update(head).chain_update(body).finalize().into();
        Self { text, fingerprint, path }
    }

    /// What `caller` asks for by this key, and the path that it is asked at.
    pub(super) fn asked_by(self, caller: UserId) -> (Asked, String) {
        let Self { text: key, fingerprint, path } = self;
        (Asked { caller, key, fingerprint }, path)
    }
}

/// The key in `headers`; none when there is no such header.
fn key_in(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let mut values = headers.get_all(&HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Refusal::field("Idempotency-Key", "must not be repeated"));
    }
    let malformed = || {
        let rule = "must be 1 to 255 visible ASCII characters, bare or as a quoted string";
        Refusal::field("Idempotency-Key", rule)
    };
    let key = value.to_str().ok().and_then(unquoted).ok_or_else(malformed)?;
    let is_visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    let is_key = is_visible && (1..=KEY_MAX).contains(&key.len());
    if is_key { Ok(Some(key.into_owned())) } else { Err(malformed()) }
}

/// The text of a string as RFC 9651 (3.3.3) writes it, or what doesn't begin like one as it is.
fn unquoted(value: &str) -> Option<Cow<'_, str>> {
    let Some(quoted) = value.strip_prefix('"') else {
        return Some(Cow::Borrowed(value));
    };
    let inner = quoted.strip_suffix('"')?;
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(next) = rest.next() {
        text.push(match next {
            '"' => return None,
            '\\' => rest.next().filter(|escaped| matches!(escaped, '"' | '\\'))?,
            plain => plain,
        });
    }
    Some(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use kernel::Kind;

    use super::*;

    fn read(values: &[&[u8]]) -> Result<Option<String>, Refusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_bytes(value).unwrap());
        }
        key_in(&headers)
    }

    fn key(value: &str) -> Option<String> {
        read(&[value.as_bytes()]).unwrap()
    }

    #[test]
    fn a_key_is_the_same_bare_and_quoted() {
        assert_eq!(read(&[]), Ok(None));
        for (bare, quoted) in [
            ("8e03978e-40d5-43dd-bc93-6894a57f9324", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\""),
            ("a\"b", r#""a\"b""#),
            ("a\\b", r#""a\\b""#),
            ("a,b;c=d", "\"a,b;c=d\""),
            ("~", "\"~\""),
        ] {
            assert_eq!(key(bare).as_deref(), Some(bare));
            assert_eq!(key(quoted).as_deref(), Some(bare), "{quoted}");
        }
        let longest = "k".repeat(KEY_MAX);
        assert_eq!(key(&longest), key(&format!("\"{longest}\"")));
    }

    #[test]
    fn what_is_no_key_is_refused_by_the_headers_name() {
        let too_long = "k".repeat(KEY_MAX + 1);
        let too_long_quoted = format!("\"{too_long}\"");
        for value in [
            "",
            " ",
            "\"\"",
            "a b",
            "\"a b\"",
            "a\tb",
            "\"",
            "\"a",
            "\"a\"b\"",
            "\"a\\\"",
            "\"\\n\"",
            "\"a\";p=1",
            "\"a\", \"b\"",
            &too_long,
            &too_long_quoted,
        ] {
            let refusal = read(&[value.as_bytes()]).unwrap_err();
            assert_eq!(refusal.kind, Kind::Invalid, "{value}");
            assert_eq!(refusal.fields[0].field.as_deref(), Some("Idempotency-Key"), "{value}");
        }
        for bytes in ["ключ".as_bytes(), b"\x80\xff", "k\u{e9}".as_bytes()] {
            assert!(read(&[bytes]).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn two_keys_are_one_too_many_even_if_they_agree() {
        let refusal = read(&[b"a", b"a"]).unwrap_err();
        assert_eq!(refusal.fields[0].message, "must not be repeated");
    }

    #[test]
    fn every_part_of_a_request_makes_another_fingerprint() {
        let print = |method: Method, uri: &'static str, body: &[u8]| {
            Key::new("k".to_owned(), &method, &Uri::from_static(uri), body).fingerprint
        };
        let one = print(Method::POST, "/api/orders", b"{}");
        assert_eq!(one, print(Method::POST, "/api/orders", b"{}"));
        for other in [
            print(Method::PUT, "/api/orders", b"{}"),
            print(Method::POST, "/api/order", b"{}"),
            print(Method::POST, "/api/orders?a=b", b"{}"),
            print(Method::POST, "/api/orders", b"{ }"),
            print(Method::POST, "/api/orders", b""),
        ] {
            assert_ne!(one, other);
        }
    }
}
