//! What changes something: one verb a file.
//!
//! A flow is started ([`start_flow`]), and then either ends in a session ([`register`],
//! [`sign_in`]), or is handed back with what was wrong ([`refuse_flow`]), or came too late
//! ([`replace_flow`]). A session ends with [`sign_out`]; what has expired goes with [`prune`].
//! An operator makes somebody an administrator with [`grant_admin`], and demo users with
//! [`seed_users`].

pub(crate) mod grant_admin;
pub(crate) mod prune;
pub(crate) mod refuse_flow;
pub(crate) mod register;
pub(crate) mod replace_flow;
pub(crate) mod seed_users;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod start_flow;

use kernel::FlowId;
use store::StoreError;

use crate::domain::fault::Rule;
use crate::domain::session::Session;
use crate::domain::token::{SessionToken, TOKEN_BYTES};
use crate::hasher::HashError;

/// A session that was just opened, with the one copy of its token.
pub(crate) struct Opened {
    pub(crate) session: Session,
    pub(crate) token: SessionToken,
}

/// Why a submitted form opened no session.
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
    /// The operating system gave no randomness.
    #[error("make a session token: {0}")]
    Token(getrandom::Error),
    #[error("read or write identities")]
    Store(#[from] StoreError),
}

fn new_token() -> Result<SessionToken, SubmitError> {
    let mut secret = [0; TOKEN_BYTES];
    getrandom::fill(&mut secret).map_err(SubmitError::Token)?;
    Ok(SessionToken::from_secret(secret))
}
