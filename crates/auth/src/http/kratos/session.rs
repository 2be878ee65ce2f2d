//! Kratos' session and identity documents, and the answers to a successful form.

use kernel::{IdentityId, SessionId, Timestamp, UserId};
use serde::Serialize;

use super::schema::{SCHEMA_ID, schema_url};
use crate::commands::Opened;
use crate::domain::identity::Identity;
use crate::domain::session::Session;

/// A live session.
#[derive(Debug, Serialize)]
pub(in crate::http) struct SessionDocument<'a> {
    id: SessionId,
    active: bool,
    expires_at: Timestamp,
    authenticated_at: Timestamp,
    authenticator_assurance_level: &'static str,
    authentication_methods: [Method; 1],
    issued_at: Timestamp,
    identity: IdentityDocument<'a>,
    /// Kratos keeps addresses and user agents here; the exchange doesn't.
    devices: [(); 0],
}

#[derive(Debug, Serialize)]
struct Method {
    method: &'static str,
    aal: &'static str,
    completed_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct IdentityDocument<'a> {
    id: IdentityId,
    schema_id: &'static str,
    schema_url: String,
    state: &'static str,
    state_changed_at: Timestamp,
    traits: Traits<'a>,
    metadata_public: Metadata,
    created_at: Timestamp,
    updated_at: Timestamp,
    organization_id: Option<()>,
}

#[derive(Debug, Serialize)]
struct Traits<'a> {
    email: &'a str,
}

/// By which the exchange knows the identity's user.
#[derive(Debug, Serialize)]
struct Metadata {
    id: UserId,
}

impl<'a> SessionDocument<'a> {
    pub(in crate::http) fn of(session: &'a Session, public_url: &str) -> Self {
        let at = session.issued_at;
        Self {
            id: session.id,
            active: true,
            expires_at: session.expires_at,
            authenticated_at: at,
            authenticator_assurance_level: "aal1",
            authentication_methods: [Method { method: "password", aal: "aal1", completed_at: at }],
            issued_at: at,
            identity: IdentityDocument::of(&session.identity, public_url),
            devices: [],
        }
    }
}

impl<'a> IdentityDocument<'a> {
    fn of(identity: &'a Identity, public_url: &str) -> Self {
        let at = identity.created_at;
        Self {
            id: identity.id,
            schema_id: SCHEMA_ID,
            schema_url: schema_url(public_url),
            state: "active",
            state_changed_at: at,
            traits: Traits { email: identity.email.as_str() },
            metadata_public: Metadata { id: identity.user_id },
            created_at: at,
            updated_at: at,
            organization_id: None,
        }
    }
}

/// The answer to a successful login.
#[derive(Serialize)]
pub(in crate::http) struct LoginDocument<'a> {
    session_token: &'a str,
    session: SessionDocument<'a>,
}

impl<'a> LoginDocument<'a> {
    pub(in crate::http) fn of(Opened { session, token }: &'a Opened, public_url: &str) -> Self {
        let session = SessionDocument::of(session, public_url);
        Self { session_token: token.expose(), session }
    }
}

/// The answer to a successful registration.
#[derive(Serialize)]
pub(in crate::http) struct RegistrationDocument<'a> {
    session_token: &'a str,
    session: SessionDocument<'a>,
    identity: IdentityDocument<'a>,
    continue_with: [ContinueWith<'a>; 1],
}

/// What a client may do next.
#[derive(Serialize)]
struct ContinueWith<'a> {
    action: &'static str,
    ory_session_token: &'a str,
}

impl<'a> RegistrationDocument<'a> {
    pub(in crate::http) fn of(Opened { session, token }: &'a Opened, public_url: &str) -> Self {
        let (action, token) = ("set_ory_session_token", token.expose());
        Self {
            session_token: token,
            identity: IdentityDocument::of(&session.identity, public_url),
            session: SessionDocument::of(session, public_url),
            continue_with: [ContinueWith { action, ory_session_token: token }],
        }
    }
}
