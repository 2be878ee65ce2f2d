//! Ends sessions from another one of the same identity.

use kernel::{SessionId, Timestamp};
use store::StoreError;

use crate::context::Auth;
use crate::domain::session::Session;
use crate::queries::list_sessions::count_others;
use crate::store::{expect_others, revoke_one, revoke_others};

/// How often the sessions are counted anew when others come or go in between.
const TRIES: usize = 8;

/// Ends all sessions of the identity but `present`; answers how many there were. Only as many as
/// were counted are ended: when one came or went meanwhile, they are counted anew. A conflict is
/// the answer, and nothing has ended, when that happens again and again.
pub(crate) async fn revoke_all_others(
    auth: &Auth,
    present: &Session,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let identity_id = present.identity.id;
    let mut tries = 1;
    // bounded: by TRIES
    let count = loop {
        let count = count_others(auth, present, now).await?;
        let as_counted = expect_others(identity_id, present.id, now, count);
        let others = revoke_others(identity_id, present.id, now);
        match auth.commit_ending(now, as_counted.into(), others).await {
            Ok(()) => break count,
            Err(error) if error.is_conflict() && tries < TRIES => tries += 1,
            Err(error) => return Err(error),
        }
    };
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
    auth.commit_ending(now, Vec::new(), revoke_one(id, identity_id, now)).await?;
    tracing::info!(identity.id = %identity_id, session.id = %id,
        "Ended session {id} if it is one of identity {identity_id}");
    Ok(())
}
