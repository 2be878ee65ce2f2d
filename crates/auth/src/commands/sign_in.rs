//! Signs somebody in who knows the password.

use kernel::{SessionId, Timestamp};
use store::{StoreError, params};

use super::{Opened, SubmitError, new_token};
use crate::context::Auth;
use crate::domain::email::Email;
use crate::domain::fault::Rule;
use crate::domain::flow::Flow;
use crate::domain::identity::Identity;
use crate::domain::password::Password;
use crate::domain::session::Session;
use crate::store::{CREDENTIALS_BY_EMAIL, complete_flow, insert_session, read_credentials};

/// What somebody signs in with.
pub(crate) struct Credentials {
    pub(crate) identifier: String,
    pub(crate) password: Password,
}

/// Takes as long for an unknown e-mail address as for a wrong password, and answers the same.
pub(crate) async fn sign_in(
    auth: &Auth,
    flow: &Flow,
    Credentials { identifier, password }: Credentials,
    now: Timestamp,
) -> Result<Opened, SubmitError> {
    let (identity, hash) = find_credentials(auth, &identifier).await?.unzip();
    let is_right = auth.hasher().verify(password, hash).await?;
    let Some(identity) = identity.filter(|_| is_right) else {
        return Err(SubmitError::Refused(Rule::WrongCredentials));
    };
    let token = new_token()?;
    let lifetime = auth.options().session_lifetime;
    let session = Session::open(SessionId::generate(), identity, now, lifetime);
    let writes = vec![complete_flow(flow.id), insert_session(&session, &token)];
    auth.commit(now, writes).await.map_err(|error| refusal_of(error, flow))?;
    let Identity { id, user_id, .. } = session.identity;
    tracing::info!(user.id = %user_id, identity.id = %id, session.id = %session.id,
        "Signed in user {user_id}");
    Ok(Opened { session, token })
}

/// The identity with this e-mail address, and its password's hash. What is no address is looked
/// up too, so that it takes no less time.
async fn find_credentials(
    auth: &Auth,
    identifier: &str,
) -> Result<Option<(Identity, String)>, StoreError> {
    let email = Email::parse(identifier).ok();
    let key = email.as_ref().map_or("", Email::as_str);
    let rows = auth.journal().query(CREDENTIALS_BY_EMAIL, params![key]).await?;
    rows.first().map(read_credentials).transpose()
}

fn refusal_of(error: StoreError, flow: &Flow) -> SubmitError {
    if error.is_conflict() { SubmitError::Completed(flow.id) } else { error.into() }
}
