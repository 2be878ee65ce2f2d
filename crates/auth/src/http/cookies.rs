//! Cookies: the two of the exchange, in and out. No script can read them, and no other site's form
//! sends them (RFC 6265bis, `HttpOnly` and `SameSite=Lax`).

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use http_kit::caller::SESSION_COOKIE;
use kernel::Timestamp;

use crate::commands::Opened;
use crate::context::Auth;
use crate::domain::csrf::CsrfSecret;

/// How long a browser keeps the secret of its forms.
const CSRF_FOR: Duration = Duration::from_secs(365 * 24 * 3600);

/// The value of the cookie `name`, as the browser sent it.
pub(super) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name).then_some(value.trim_matches('"'))
    })
}

/// Lets the browser keep the session.
pub(super) fn of_session(auth: &Auth, opened: &Opened, now: Timestamp) -> Option<HeaderValue> {
    let left = opened.session.expires_at.until(now);
    cookie(auth, SESSION_COOKIE, opened.token.expose(), left)
}

/// Lets the browser keep the secret of its forms.
pub(super) fn of_csrf(auth: &Auth, secret: &CsrfSecret) -> Option<HeaderValue> {
    cookie(auth, auth.csrf_cookie(), &secret.expose(), CSRF_FOR)
}

/// Lets the browser forget the session.
pub(super) fn of_no_session(auth: &Auth) -> Option<HeaderValue> {
    cookie(auth, SESSION_COOKIE, "", Duration::ZERO)
}

/// Names and values are ours, and always fit into a header.
fn cookie(auth: &Auth, name: &str, value: &str, left: Duration) -> Option<HeaderValue> {
    let is_secure = auth.options().public_url.starts_with("https://");
    let secure = if is_secure { "; Secure" } else { "" };
    let seconds = left.as_secs();
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append("cookie", HeaderValue::from_static("xa=1; ab=2;a=3; b"));
        headers.append("cookie", HeaderValue::from_static("c=\"4\"; a=5; d=e=f"));
        for (name, value) in
            [("a", Some("3")), ("ab", Some("2")), ("c", Some("4")), ("d", Some("e=f"))]
        {
            assert_eq!(find(&headers, name), value, "{name}");
        }
        assert_eq!(find(&headers, "b"), None);
        assert_eq!(find(&headers, ""), None);
    }
}
