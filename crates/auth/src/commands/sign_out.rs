//! Ends a session.

use kernel::{IdentityId, Outcome, SessionId, Timestamp};
use store::{StoreError, params};

use crate::context::Auth;
use crate::domain::token::SessionToken;
use crate::store::{SESSION_TO_END, revoke_session};

/// Why no session was ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignOutError {
    #[error("no session has this token")]
    UnknownToken,
    #[error("read or write sessions")]
    Store(#[from] StoreError),
}

/// Ends the session with this token, once. A token stays known until its session would have
/// expired, so that a repeated request is a success.
pub(crate) async fn sign_out(
    auth: &Auth,
    token: &str,
    now: Timestamp,
) -> Result<Outcome<SessionId>, SignOutError> {
    let token = SessionToken::parse(token).ok_or(SignOutError::UnknownToken)?;
    let rows = auth.journal().query(SESSION_TO_END, params![token.digest()]).await?;
    let row = rows.first().ok_or(SignOutError::UnknownToken)?;
    let (id, identity_id): (SessionId, IdentityId) = (row.get(0)?, row.get(1)?);
    let revoked_at: Option<Timestamp> = row.get(2)?;
    if revoked_at.is_some() {
        return Ok(Outcome::AlreadyApplied);
    }
    auth.commit_ending(now, Vec::new(), revoke_session(&token, identity_id, now)).await?;
    tracing::info!(session.id = %id, identity.id = %identity_id, "Signed out of session {id}");
    Ok(Outcome::Executed(id))
}
