//! Signs somebody up: an identity, its user and a first session, all or nothing.

use std::net::IpAddr;

use kernel::{IdentityId, SessionId, Timestamp, UserId};
use store::StoreError;

use super::{Opened, Sender, SubmitError, new_token};
use crate::context::Auth;
use crate::domain::email::Email;
use crate::domain::fault::Rule;
use crate::domain::flow::Flow;
use crate::domain::identity::Identity;
use crate::domain::password::Password;
use crate::domain::session::Session;
use crate::store::{EMAIL_ONCE, complete_flow, insert_identity, insert_session, insert_user};
use crate::throttle::{Key, TooSoon};

/// What somebody signs up with.
pub(crate) struct Registration {
    pub(crate) email: Email,
    pub(crate) password: Password,
}

/// Whether somebody from `address` may register now. To be asked before anything is done for the
/// form: judging a password takes one of the places that who signs in needs.
pub(crate) fn ask(auth: &Auth, address: Option<IpAddr>, now: Timestamp) -> Result<(), TooSoon> {
    let from = address.map(Key::registration);
    from.map_or(Ok(()), |from| auth.throttle().ask(from, now))
}

/// Takes as long for an e-mail address that somebody has as for another. An address from which
/// too many of the former came has to wait.
pub(crate) async fn register(
    auth: &Auth,
    flow: &Flow,
    Registration { email, password }: Registration,
    Sender { device, address }: Sender,
    now: Timestamp,
) -> Result<Opened, SubmitError> {
    ask(auth, address, now)?;
    let place = auth.hasher().place().await?;
    // others from there may have failed while this one waited
    ask(auth, address, now)?;
    let hash = auth.hasher().hash(place, password).await?;
    let token = new_token()?;
    let (id, user_id) = (IdentityId::generate(), UserId::generate());
    let identity = Identity { id, user_id, email, created_at: now };
    let lifetime = auth.options().session_lifetime;
    let session = Session::open(SessionId::generate(), identity, device, now, lifetime);
    let writes = vec![
        complete_flow(flow.id),
        insert_identity(&session.identity, hash),
        insert_user(&session.identity),
        insert_session(&session, &token),
    ];
    let refused = |error| {
        let refusal = refusal_of(error, flow);
        if let (SubmitError::Refused(_), Some(address)) = (&refusal, address) {
            auth.throttle().count(Key::registration(address), now);
        }
        refusal
    };
    auth.commit(now, writes).await.map_err(refused)?;
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
