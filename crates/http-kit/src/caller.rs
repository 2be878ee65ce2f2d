//! Who is calling: the session behind a cookie, a bearer token or `X-Session-Token`.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use http::{HeaderMap, HeaderName, header};
use kernel::Refusal;
use ory::{Sessions, SignedIn};

use crate::problem::Error;
use crate::rate_limit::Charged;

/// The cookie that carries a browser's session, as Kratos names it.
pub const SESSION_COOKIE: &str = "ory_kratos_session";

/// A caller who is signed in. A handler with this argument refuses everybody else with 401.
#[derive(Debug, Clone)]
pub struct Caller(pub SignedIn);

/// Anybody; signed in or not.
#[derive(Debug, Clone)]
pub struct MaybeCaller(pub Option<SignedIn>);

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Arc<dyn Sessions>: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let caller = look_up(parts, &Arc::from_ref(state)).await?;
        Ok(Self(caller.ok_or_else(Refusal::unauthenticated)?))
    }
}

impl<S> FromRequestParts<S> for MaybeCaller
where
    S: Send + Sync,
    Arc<dyn Sessions>: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        look_up(parts, &Arc::from_ref(state)).await.map(Self)
    }
}

async fn look_up(parts: &Parts, sessions: &Arc<dyn Sessions>) -> Result<Option<SignedIn>, Error> {
    let Some(token) = session_token(&parts.headers) else {
        return Ok(None);
    };
    let found = sessions.whoami(token).await;
    let caller = found.map_err(|error| Error::caused(Refusal::unavailable(), error))?;
    if let (Some(caller), Some(charged)) = (&caller, parts.extensions.get::<Charged>()) {
        // only here, where a session was found to be live, is there a user to count
        charged.to_user(caller.user_id)?;
    }
    Ok(caller)
}

/// The session token of a request: `X-Session-Token`, then `Authorization: Bearer`, then the
/// cookie.
#[must_use]
pub fn session_token(headers: &HeaderMap) -> Option<&str> {
    shown_token(headers).or_else(|| kept_token(headers)).filter(|token| !token.is_empty())
}

/// Whether a request is signed in by what a browser sends along unasked: the cookie, and no token
/// that a client shows itself.
pub(crate) fn is_by_cookie(headers: &HeaderMap) -> bool {
    shown_token(headers).is_none() && kept_token(headers).is_some()
}

fn shown_token(headers: &HeaderMap) -> Option<&str> {
    let shown = || text(headers, &header::AUTHORIZATION).and_then(bearer);
    text(headers, &HeaderName::from_static("x-session-token")).or_else(shown)
}

fn kept_token(headers: &HeaderMap) -> Option<&str> {
    text(headers, &header::COOKIE).and_then(cookie)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn cookie(cookies: &str) -> Option<&str> {
    cookies.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == SESSION_COOKIE).then_some(value.trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(name: &'static str, value: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(name, http::HeaderValue::from_static(value));
        session_token(&headers).map(str::to_owned)
    }

    #[test]
    fn a_token_is_found_where_clients_put_it() {
        assert_eq!(token("x-session-token", "abc").as_deref(), Some("abc"));
        assert_eq!(token("authorization", "bearer abc").as_deref(), Some("abc"));
        assert_eq!(token("cookie", "a=b; ory_kratos_session=abc").as_deref(), Some("abc"));
        assert_eq!(token("authorization", "Basic abc"), None);
        assert_eq!(token("authorization", "Bearer "), None);
        assert_eq!(token("cookie", "xory_kratos_session=abc"), None);
    }
}
