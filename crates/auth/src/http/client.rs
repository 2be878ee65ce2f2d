//! Who asks: what a request tells of the browser or program that sent it.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use http_kit::body::is_json;
use http_kit::caller::{SESSION_COOKIE, cookie};
use http_kit::{ClientAddress, UserLimit, session_token};
use kernel::Timestamp;

use super::failure::Failure;
use crate::commands::{Opened, Sender};
use crate::context::Auth;
use crate::domain::csrf::CsrfSecret;
use crate::domain::session::Device;
use crate::domain::token::SessionToken;
use crate::queries::whoami::whoami;

/// Another place than the form for its token: scripts use it.
const CSRF_HEADER: &str = "x-csrf-token";

/// The sender of a request.
pub(super) struct Client {
    pub(super) sender: Sender,
    /// Whether it reads JSON, rather than pages.
    pub(super) reads_json: bool,
    /// Whether a page's script sent it.
    pub(super) has_origin: bool,
    /// Whether it has a cookie of ours.
    pub(super) has_cookies: bool,
    /// The secret of its forms.
    pub(super) csrf: Option<CsrfSecret>,
    pub(super) csrf_header: Option<String>,
    /// The session token, wherever it stands.
    token: Option<String>,
    /// The session token in its cookie.
    session_cookie: Option<String>,
    limit: UserLimit,
}

impl Client {
    /// Its live session. The request counts as one of the session's user from then on.
    pub(super) async fn session(
        &self,
        auth: &Auth,
        now: Timestamp,
    ) -> Result<Option<Opened>, Failure> {
        self.find_session(auth, self.token.as_deref(), now).await
    }

    /// Its live session, when it has it by its cookie; else like [`Self::session`].
    pub(super) async fn session_of_browser(
        &self,
        auth: &Auth,
        now: Timestamp,
    ) -> Result<Option<Opened>, Failure> {
        self.find_session(auth, self.session_cookie.as_deref(), now).await
    }

    async fn find_session(
        &self,
        auth: &Auth,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Opened>, Failure> {
        let Some((text, token)) = token.and_then(|text| Some((text, SessionToken::parse(text)?)))
        else {
            return Ok(None);
        };
        let Some(session) = whoami(auth, text, now).await? else { return Ok(None) };
        self.limit.charge(session.identity.user_id).await?;
        Ok(Some(Opened { session, token }))
    }
}

impl FromRequestParts<Auth> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, auth: &Auth) -> Result<Self, Infallible> {
        let headers = &parts.headers;
        let address = parts.extensions.get::<ClientAddress>();
        let address: Option<IpAddr> = address.map(|ClientAddress(address)| *address);
        let user_agent = text(headers, header::USER_AGENT.as_str());
        let device = Device::of(address.map(|address| address.to_string()), user_agent);
        let csrf = cookie(headers, auth.csrf_cookie());
        let session_cookie = cookie(headers, SESSION_COOKIE);
        Ok(Self {
            sender: Sender { device, address },
            reads_json: is_json(headers) || accepts_json(headers),
            has_origin: headers.contains_key(header::ORIGIN),
            has_cookies: csrf.is_some() || session_cookie.is_some(),
            csrf: csrf.and_then(CsrfSecret::parse),
            csrf_header: text(headers, CSRF_HEADER).map(str::to_owned),
            token: session_token(headers).map(str::to_owned),
            session_cookie: session_cookie.map(str::to_owned),
            limit: UserLimit::of(&parts.extensions),
        })
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether JSON is asked for, and no page: browsers that follow a link ask for `text/html`, and
/// who asks for anything may well be one.
fn accepts_json(headers: &HeaderMap) -> bool {
    let accepted = text(headers, header::ACCEPT.as_str()).unwrap_or_default().to_ascii_lowercase();
    accepted.contains("json") && !accepted.contains("text/html")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn pages_are_for_browsers() {
        for (accept, expected) in [
            ("application/json", true),
            ("application/json, text/plain, */*", true),
            ("application/problem+json", true),
            ("text/html,application/xhtml+xml,*/*;q=0.8", false),
            ("text/html, application/json", false),
            ("*/*", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(accepts_json(&headers), expected, "{accept}");
        }
        assert!(!accepts_json(&HeaderMap::new()));
    }
}
