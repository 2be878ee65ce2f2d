//! What changes something: one verb a file.
//!
//! A flow is started ([`start_flow`]), and then either ends in a session ([`register`],
//! [`sign_in`]) or another password ([`change_password`]), or is handed back with what was wrong
//! ([`refuse_flow`]), or came too late ([`replace_flow`]). A session ends with [`sign_out`] or from
//! another one ([`revoke_sessions`]); what has expired goes with [`prune`].
//! An operator makes somebody an administrator with [`grant_admin`], and demo users with
//! [`seed_users`].

pub(crate) mod change_password;
pub(crate) mod grant_admin;
pub(crate) mod prune;
pub(crate) mod refuse_flow;
pub(crate) mod register;
pub(crate) mod replace_flow;
pub(crate) mod revoke_sessions;
pub(crate) mod seed_users;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod start_flow;

use std::net::IpAddr;

use kernel::FlowId;
use store::StoreError;

use crate::domain::fault::Rule;
use crate::domain::session::{Device, Session};
use crate::domain::token::SessionToken;
use crate::hasher::HashError;
use crate::random::{NoRandomness, random};
use crate::throttle::TooSoon;

/// A session that was just opened, with the one copy of its token.
pub(crate) struct Opened {
    pub(crate) session: Session,
    pub(crate) token: SessionToken,
}

/// Who submits a form.
#[derive(Clone)]
pub(crate) struct Sender {
    pub(crate) device: Device,
    /// For whom to wait who fails again and again.
    pub(crate) address: Option<IpAddr>,
}

/// Why a submitted form came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubmitError {
    /// It broke a rule that only the stored identities can tell.
    #[error("the form was refused")]
    Refused(Rule),
    /// Another submission of the flow came first.
    #[error("flow {0} was completed by another submission")]
    Completed(FlowId),
    #[error("work with the password")]
    Hash(#[from] HashError),
    /// Too many attempts failed before.
    #[error("the attempt was not made")]
    TooSoon(#[from] TooSoon),
    /// The session of who submitted it has ended meanwhile.
    #[error("the session has ended")]
    SessionEnded,
    #[error("make a session token")]
    Token(#[from] NoRandomness),
    #[error("read or write identities")]
    Store(#[from] StoreError),
}

fn new_token() -> Result<SessionToken, SubmitError> {
    Ok(SessionToken::from_secret(random()?))
}
