//! Kratos' session and identity documents, and the answers to a successful form.

use kernel::{IdentityId, SessionId, Timestamp, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::schema::{SCHEMA_ID, schema_url};
use crate::commands::Opened;
use crate::domain::identity::Identity;
use crate::domain::session::{Device, Session};

/// A live session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub(in crate::http) struct SessionDocument<'a> {
    #[schema(schema_with = events::schema::id)]
    id: SessionId,
    active: bool,
    #[schema(schema_with = events::schema::time)]
    expires_at: Timestamp,
    #[schema(schema_with = events::schema::time)]
    authenticated_at: Timestamp,
    authenticator_assurance_level: &'static str,
    authentication_methods: [Method; 1],
    #[schema(schema_with = events::schema::time)]
    issued_at: Timestamp,
    identity: IdentityDocument<'a>,
    /// What it came from, as far as that is known.
    devices: Vec<DeviceDocument<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionDevice)]
struct DeviceDocument<'a> {
    /// The session's: it is of one device.
    #[schema(schema_with = events::schema::id)]
    id: SessionId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ip_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    user_agent: Option<&'a str>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionMethod)]
struct Method {
    method: &'static str,
    aal: &'static str,
    #[schema(schema_with = events::schema::time)]
    completed_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Identity)]
pub(super) struct IdentityDocument<'a> {
    #[schema(schema_with = events::schema::id)]
    id: IdentityId,
    schema_id: &'static str,
    schema_url: String,
    state: &'static str,
    #[schema(schema_with = events::schema::time)]
    state_changed_at: Timestamp,
    traits: Traits<'a>,
    metadata_public: Metadata,
    #[schema(schema_with = events::schema::time)]
    created_at: Timestamp,
    #[schema(schema_with = events::schema::time)]
    updated_at: Timestamp,
    #[schema(value_type = Option<String>)]
    organization_id: Option<()>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IdentityTraits)]
struct Traits<'a> {
    email: &'a str,
}

/// By which the exchange knows the identity's user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IdentityMetadata)]
struct Metadata {
    #[schema(schema_with = events::schema::id)]
    id: UserId,
}

impl<'a> SessionDocument<'a> {
    pub(in crate::http) fn of(session: &'a Session, public_url: &str) -> Self {
        let at = session.authenticated_at;
        Self {
            id: session.id,
            active: true,
            expires_at: session.expires_at,
            authenticated_at: at,
            authenticator_assurance_level: "aal1",
            authentication_methods: [Method { method: "password", aal: "aal1", completed_at: at }],
            issued_at: session.issued_at,
            identity: IdentityDocument::of(&session.identity, public_url),
            devices: DeviceDocument::of(session),
        }
    }
}

impl<'a> DeviceDocument<'a> {
    fn of(Session { id, device, .. }: &'a Session) -> Vec<Self> {
        let Device { address: ip_address, user_agent } = device;
        let (ip_address, user_agent) = (ip_address.as_deref(), user_agent.as_deref());
        let document = Self { id: *id, ip_address, user_agent };
        device.is_known().then_some(document).into_iter().collect()
    }
}

impl<'a> IdentityDocument<'a> {
    pub(super) fn of(identity: &'a Identity, public_url: &str) -> Self {
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

/// The answer to a successful login. A browser has its token in a cookie, out of scripts' reach.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub(in crate::http) struct LoginDocument<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    session_token: Option<&'a str>,
    session: SessionDocument<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    continue_with: Option<[ContinueWith<'a>; 1]>,
}

impl<'a> LoginDocument<'a> {
    /// For a browser, which goes on at `next`, or for a native client.
    pub(in crate::http) fn of(
        Opened { session, token }: &'a Opened,
        next: Option<&'a str>,
        public_url: &str,
    ) -> Self {
        let session = SessionDocument::of(session, public_url);
        let session_token = next.is_none().then(|| token.expose());
        Self { session_token, session, continue_with: next.map(|next| [ContinueWith::at(next)]) }
    }
}

/// The answer to a successful registration.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedUp)]
pub(in crate::http) struct RegistrationDocument<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    session_token: Option<&'a str>,
    session: SessionDocument<'a>,
    identity: IdentityDocument<'a>,
    continue_with: [ContinueWith<'a>; 1],
}

/// What a client may do next.
#[derive(Serialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
enum ContinueWith<'a> {
    SetOrySessionToken { ory_session_token: &'a str },
    RedirectBrowserTo { redirect_browser_to: &'a str },
}

impl<'a> ContinueWith<'a> {
    const fn at(redirect_browser_to: &'a str) -> Self {
        Self::RedirectBrowserTo { redirect_browser_to }
    }
}

impl<'a> RegistrationDocument<'a> {
    /// For a browser, which goes on at `next`, or for a native client.
    pub(in crate::http) fn of(
        Opened { session, token }: &'a Opened,
        next: Option<&'a str>,
        public_url: &str,
    ) -> Self {
        let ory_session_token = token.expose();
        let native = ContinueWith::SetOrySessionToken { ory_session_token };
        Self {
            session_token: next.is_none().then_some(ory_session_token),
            identity: IdentityDocument::of(&session.identity, public_url),
            session: SessionDocument::of(session, public_url),
            continue_with: [next.map_or(native, ContinueWith::at)],
        }
    }
}
