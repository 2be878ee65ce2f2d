//! Ends sessions from another one of the same identity.

use kernel::{SessionId, Timestamp};
use store::StoreError;

use crate::context::Auth;
use crate::domain::session::Session;
use crate::queries::list_sessions::count_others;
use crate::store::{revoke_one, revoke_others};

/// Ends all sessions of the identity but `present`; answers how many there were.
pub(crate) async fn revoke_all_others(
    auth: &Auth,
    present: &Session,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let count = count_others(auth, present, now).await?;
    let identity_id = present.identity.id;
    auth.commit(now, vec![revoke_others(identity_id, present.id, now)]).await?;
    tracing::info!(identity.id = %identity_id, session.id = %present.id, count,
        "Ended the other sessions of identity {identity_id}");
    Ok(count)
}

/// Ends one session, if it is of the same identity as `present`.
pub(crate) async fn revoke_session_of(
    auth: &Auth,
    present: &Session,
    id: SessionId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let identity_id = present.identity.id;
    auth.commit(now, vec![revoke_one(id, identity_id, now)]).await?;
    tracing::info!(identity.id = %identity_id, session.id = %id,
        "Ended session {id} if it is one of identity {identity_id}");
    Ok(())
}
