//! Changes a password, and ends every other session of its identity with it.

use kernel::Timestamp;
use store::StoreError;

use super::SubmitError;
use crate::context::Auth;
use crate::domain::flow::Flow;
use crate::domain::password::Password;
use crate::domain::session::Session;
use crate::store::{SAME_SESSION, finish_flow, refresh_session, revoke_others, update_password};

/// Of two changes at once from two sessions one comes first, and ends the other's session: the
/// other is refused. A sign-in with the old password that was compared before is refused, too.
pub(crate) async fn change_password(
    auth: &Auth,
    flow: Flow,
    session: &Session,
    password: Password,
    now: Timestamp,
) -> Result<Flow, SubmitError> {
    let place = auth.hasher().place().await?;
    let hash = auth.hasher().hash(place, password).await?;
    let (flow_id, flow) = (flow.id, flow.complete());
    let identity_id = session.identity.id;
    let writes =
        vec![refresh_session(session), finish_flow(&flow)?, update_password(identity_id, hash)];
    let others = revoke_others(identity_id, session.id, now);
    auth.commit_ending(now, writes, others).await.map_err(|error| match error {
        StoreError::Conflict { sql: SAME_SESSION, .. } => SubmitError::SessionEnded,
        StoreError::Conflict { .. } => SubmitError::Completed(flow_id),
        error => error.into(),
    })?;
    tracing::info!(identity.id = %identity_id, session.id = %session.id,
        "Changed the password of identity {identity_id}");
    Ok(flow)
}
