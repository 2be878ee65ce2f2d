//! Sessions as Kratos' HTTP API tells them (<https://www.ory.com/docs/kratos/reference/api>):
//! `GET /sessions/whoami`, asked of Kratos itself or of our own auth.

use std::sync::Arc;

use ::http::{HeaderName, HeaderValue, StatusCode};
use async_trait::async_trait;
use kernel::{IdentityId, SessionId, Timestamp, UserId};
use serde::Deserialize;
use upstream::Upstream;

use crate::keys::ServiceKey;
use crate::{PortError, Sessions, SignedIn};

const OPERATION: &str = "find a session";

/// Where Kratos takes a session's token that stands in no cookie.
const X_SESSION_TOKEN: HeaderName = HeaderName::from_static("x-session-token");

/// The longest answer that is read.
const ANSWER_MAX: usize = 64 * 1024;

/// Sessions, asked by HTTP.
pub struct KratosSessions {
    upstream: Arc<Upstream>,
    key: Option<ServiceKey>,
}

impl KratosSessions {
    /// Asks `upstream`, and shows `key`, by which our own auth knows that no stranger asks.
    #[must_use]
    pub const fn new(upstream: Arc<Upstream>, key: Option<ServiceKey>) -> Self {
        Self { upstream, key }
    }
}

/// What counts of Kratos' session document.
#[derive(Deserialize)]
struct Session {
    id: SessionId,
    active: bool,
    expires_at: Timestamp,
    identity: Identity,
}

#[derive(Deserialize)]
struct Identity {
    id: IdentityId,
    traits: Traits,
    metadata_public: Metadata,
}

#[derive(Deserialize)]
struct Traits {
    email: String,
}

/// Written on sign-up: by which the exchange knows the identity's user.
#[derive(Deserialize)]
struct Metadata {
    id: UserId,
}

#[async_trait]
impl Sessions for KratosSessions {
    async fn whoami(&self, token: &str) -> Result<Option<SignedIn>, PortError> {
        // what no header can carry is nobody's token
        let Ok(mut shown) = HeaderValue::from_str(token) else {
            return Ok(None);
        };
        shown.set_sensitive(true);
        let mut request = upstream::get("/sessions/whoami").map_err(failed)?;
        request.headers_mut().insert(X_SESSION_TOKEN, shown);
        if let Some(key) = &self.key {
            key.show(request.headers_mut());
        }
        let answer = self.upstream.ask(request, ANSWER_MAX).await.map_err(failed)?;
        match answer.status() {
            StatusCode::OK => read(answer.body()),
            StatusCode::UNAUTHORIZED => Ok(None),
            other => Err(failed(format!("{} answered {other}", self.upstream.name()))),
        }
    }
}

fn read(body: &[u8]) -> Result<Option<SignedIn>, PortError> {
    let session: Session = serde_json::from_slice(body).map_err(failed)?;
    let Session { id, active, expires_at, identity } = session;
    Ok(active.then(|| SignedIn {
        session_id: id,
        user_id: identity.metadata_public.id,
        identity_id: identity.id,
        email: identity.traits.email.to_lowercase(),
        expires_at,
    }))
}

fn failed(error: impl std::fmt::Display) -> PortError {
    PortError { operation: OPERATION, reason: error.to_string() }
}
