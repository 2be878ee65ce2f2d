//! Who is calling: the session behind a cookie, a bearer token or `X-Session-Token`.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName, header};
use kernel::{Refusal, UserId};
use ory::{Sessions, SignedIn};

use crate::problem::Error;
use crate::rate_limit::Charged;

/// The cookie that carries a browser's session, as Kratos names it.
pub const SESSION_COOKIE: &str = "ory_kratos_session";

const X_SESSION_TOKEN: HeaderName = HeaderName::from_static("x-session-token");

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
    if let Some(caller) = &caller {
        UserLimit::of(&parts.extensions).charge(caller.user_id).await?;
    }
    Ok(caller)
}

/// Counts a request as one of its user: where a session was found to be live there is a user to
/// count. [`Caller`] and [`MaybeCaller`] do; a route that finds the session itself has to.
#[derive(Clone)]
pub struct UserLimit(Option<Charged>);

impl UserLimit {
    /// The limit of the request with these `extensions`; the edge put it there, if there is one.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Self {
        Self(extensions.get::<Charged>().cloned())
    }

    /// Counts the request as one of `user`; once, however often it is called.
    ///
    /// # Errors
    /// `too-many-requests`, when the user sent too many.
    pub async fn charge(&self, user: UserId) -> Result<(), Error> {
        match &self.0 {
            Some(charged) => charged.to_user(user).await.map_err(Error::from),
            None => Ok(()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for UserLimit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
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
    text(headers, &X_SESSION_TOKEN).or_else(shown)
}

fn kept_token(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, SESSION_COOKIE)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The value of the cookie `name`, as the browser sent it: the first one, in whichever of the
/// `Cookie` lines it stands. HTTP/2 may split them (RFC 9113, section 8.2.3).
#[must_use]
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name).then_some(value.trim_matches('"'))
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

    fn cookies(lines: [&'static str; 2]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, http::HeaderValue::from_str(line).unwrap());
        }
        headers
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let headers = cookies(["xa=1; ab=2;a=3; b", "c=\"4\"; a=5; d=e=f"]);
        for (name, value) in
            [("a", Some("3")), ("ab", Some("2")), ("c", Some("4")), ("d", Some("e=f"))]
        {
            assert_eq!(cookie(&headers, name), value, "{name}");
        }
        assert_eq!(cookie(&headers, "b"), None);
        assert_eq!(cookie(&headers, ""), None);
    }

    #[test]
    fn the_session_is_found_in_every_cookie_line() {
        for lines in [["a=b", "ory_kratos_session=abc"], ["a=é", "c=d; ory_kratos_session=abc"]] {
            let headers = cookies(lines);
            assert_eq!(session_token(&headers), Some("abc"), "{lines:?}");
            assert!(is_by_cookie(&headers), "{lines:?}");
        }
    }
}
