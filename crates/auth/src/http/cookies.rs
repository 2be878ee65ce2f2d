//! Cookies: the two of the exchange, as they are set. No script can read them, and no other site's
//! form sends them (RFC 6265bis, `HttpOnly` and `SameSite=Lax`).

use std::time::Duration;

use axum::http::HeaderValue;
use http_kit::caller::SESSION_COOKIE;
use kernel::Timestamp;

use crate::commands::Opened;
use crate::context::Auth;
use crate::domain::csrf::CsrfSecret;

/// How long a browser keeps the secret of its forms.
const CSRF_FOR: Duration = Duration::from_secs(365 * 24 * 3600);

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
