//! Who looks at a page: the browser's cookies, its language, and where it wants to go.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::OnceLock;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderValue, Uri, header};
use http_kit::caller::{SESSION_COOKIE, cookie};
use kernel::Timestamp;

use crate::Web;
use crate::csrf::Secret;
use crate::texts::Language;

/// The cookie with the language that somebody chose.
pub(crate) const LANGUAGE_COOKIE: &str = "language";

/// The longest address to come back to, in bytes.
const RETURN_TO_MAX: usize = 2048;

/// Who looks at a page.
pub(crate) struct Visitor {
    pub(crate) headers: HeaderMap,
    /// For the exchange: where the request came from, and its limits.
    pub(crate) from: Extensions,
    pub(crate) uri: Uri,
    pub(crate) language: Language,
    pub(crate) now: Timestamp,
    /// Whether this asks for a page, and changes nothing.
    pub(crate) only_asks: bool,
    /// Whether there is a session's cookie. Whether it is a session's still, the exchange knows.
    pub(crate) is_signed_in: bool,
    is_https: bool,
    csrf: Option<Secret>,
    /// The secret that this visitor is given with the page.
    fresh: OnceLock<Option<Secret>>,
}

impl Visitor {
    /// Who sent the request with this head.
    pub(crate) fn of(parts: &Parts, web: &Web) -> Self {
        let headers = &parts.headers;
        let chosen = cookie(headers, LANGUAGE_COOKIE).and_then(Language::from_tag);
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let language = chosen.unwrap_or_else(|| Language::accepted(accepted.unwrap_or_default()));
        let session = cookie(headers, SESSION_COOKIE);
        Self {
            from: parts.extensions.clone(),
            uri: parts.uri.clone(),
            language,
            now: web.clock.now(),
            only_asks: parts.method.is_safe(),
            is_signed_in: session.is_some_and(|value| !value.is_empty()),
            is_https: web.is_https,
            csrf: cookie(headers, csrf_cookie(web.is_https)).and_then(Secret::parse),
            fresh: OnceLock::new(),
            headers: headers.clone(),
        }
    }

    /// The token for a form.
    pub(crate) fn token(&self) -> String {
        let secret = self.csrf.or_else(|| *self.fresh.get_or_init(Secret::new));
        secret.and_then(|secret| secret.token()).unwrap_or_default()
    }

    /// Whether `token` is one for this visitor.
    pub(crate) fn made(&self, token: &str) -> bool {
        self.csrf.is_some_and(|secret| secret.made(token))
    }

    /// The cookie of the secret that this visitor is given with the page, if there was none. Every
    /// page gives one: of two that are opened at once on a first visit, each would set another, and
    /// only one of them could send its form.
    pub(crate) fn fresh_cookie(&self) -> Option<HeaderValue> {
        if self.csrf.is_some() {
            return None;
        }
        let secret = (*self.fresh.get_or_init(Secret::new))?;
        set_cookie(csrf_cookie(self.is_https), &secret.expose(), None, self.is_https)
    }

    /// A cookie that is kept for a year.
    pub(crate) fn lasting_cookie(&self, name: &str, value: &str) -> Option<HeaderValue> {
        set_cookie(name, value, Some(365 * 24 * 3600), self.is_https)
    }

    /// Lets the browser forget the session.
    pub(crate) fn forget_session(&self) -> Option<HeaderValue> {
        set_cookie(SESSION_COOKIE, "", Some(0), self.is_https)
    }

    /// What this page's address says of `name`; empty when it says nothing.
    pub(crate) fn asks(&self, name: &str) -> Cow<'_, str> {
        let query = self.uri.query().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(field, _)| field == name).map(|(_, value)| value).unwrap_or_default()
    }

    /// The path and the query of this page.
    pub(crate) fn here(&self) -> &str {
        self.uri.path_and_query().map_or("/", |whole| whole.as_str())
    }
}

impl FromRequestParts<Web> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        Ok(Self::of(parts, web))
    }
}

/// `__Host-` binds a cookie to this very host; browsers take it by HTTPS only.
const fn csrf_cookie(is_https: bool) -> &'static str {
    if is_https { "__Host-form" } else { "form" }
}

fn set_cookie(
    name: &str,
    value: &str,
    seconds: Option<u32>,
    is_https: bool,
) -> Option<HeaderValue> {
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let secure = if is_https { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/{age}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(text).ok()
}

/// A path of ours to come back to; the home page when `text` leads elsewhere.
///
/// Browsers read `\` as `/` and skip tabs and line breaks
/// (<https://url.spec.whatwg.org/#concept-basic-url-parser>), so that `/\evil.example` names
/// another host: only visible ASCII without `\` is taken.
pub(crate) fn return_to(text: &str) -> &str {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_path = text.starts_with('/') && !text.starts_with("//");
    if is_plain && is_path && text.len() <= RETURN_TO_MAX { text } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_away() {
        for ours in ["/", "/orders/1?x=%2F%2Fa", "/sell", "/a//b"] {
            assert_eq!(return_to(ours), ours);
        }
        for other in [
            "",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "evil.example",
            "/ä",
            "/a b",
            "/a\r\nSet-Cookie: x=y",
        ] {
            assert_eq!(return_to(other), "/", "{other:?}");
        }
        assert_eq!(return_to(&format!("/{}", "a".repeat(RETURN_TO_MAX))), "/");
    }
}
