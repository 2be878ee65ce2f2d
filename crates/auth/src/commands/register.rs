//! Signs somebody up: an identity, its user and a first session, all or nothing.

use kernel::{IdentityId, SessionId, Timestamp, UserId};
use store::StoreError;

use super::{Opened, SubmitError, new_token};
use crate::context::Auth;
use crate::domain::email::Email;
use crate::domain::fault::Rule;
use crate::domain::flow::Flow;
use crate::domain::identity::Identity;
use crate::domain::password::Password;
use crate::domain::session::Session;
use crate::store::{EMAIL_ONCE, complete_flow, insert_identity, insert_session, insert_user};

/// What somebody signs up with.
pub(crate) struct Registration {
    pub(crate) email: Email,
    pub(crate) password: Password,
}

pub(crate) async fn register(
    auth: &Auth,
    flow: &Flow,
    Registration { email, password }: Registration,
    now: Timestamp,
) -> Result<Opened, SubmitError> {
    let hash = auth.hasher().hash(password).await?;
    let token = new_token()?;
    let (id, user_id) = (IdentityId::generate(), UserId::generate());
    let identity = Identity { id, user_id, email, created_at: now };
    let lifetime = auth.options().session_lifetime;
    let session = Session::open(SessionId::generate(), identity, now, lifetime);
    let writes = vec![
        complete_flow(flow.id),
        insert_identity(&session.identity, hash),
        insert_user(&session.identity),
        insert_session(&session, &token),
    ];
    auth.commit(now, writes).await.map_err(|error| refusal_of(error, flow))?;
    tracing::info!(user.id = %user_id, identity.id = %id, session.id = %session.id,
        "Registered user {user_id}");
    Ok(Opened { session, token })
}

/// The database is the last judge of who was first.
fn refusal_of(error: StoreError, flow: &Flow) -> SubmitError {
    if error.is_constraint(EMAIL_ONCE) {
        SubmitError::Refused(Rule::EmailTaken)
    } else if error.is_conflict() {
        SubmitError::Completed(flow.id)
    } else {
        error.into()
    }
}
