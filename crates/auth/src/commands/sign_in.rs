//! Signs somebody in who knows the password.

use std::net::IpAddr;

use kernel::{SessionId, Timestamp};
use store::{Statement, StoreError, params};

use super::{Opened, Sender, SubmitError, new_token};
use crate::context::Auth;
use crate::domain::email::Email;
use crate::domain::fault::Rule;
use crate::domain::flow::Flow;
use crate::domain::identity::Identity;
use crate::domain::password::Password;
use crate::domain::session::{Device, Session};
use crate::store::{
    CREDENTIALS_BY_EMAIL, SAME_PASSWORD, SAME_SESSION, complete_flow, expect_password,
    insert_session, read_credentials, refresh_session,
};
use crate::throttle::Key;

/// What somebody signs in with.
pub(crate) struct Credentials {
    pub(crate) identifier: String,
    pub(crate) password: Password,
}

/// Takes as long for an unknown e-mail address as for a wrong password, and answers the same; who
/// fails too often has to wait, at either.
///
/// With `present`, the session that somebody has who shows the password once more, that session
/// goes on, if it is the same identity's.
pub(crate) async fn sign_in(
    auth: &Auth,
    flow: &Flow,
    Credentials { identifier, password }: Credentials,
    (sender, present): (Sender, Option<Opened>),
    now: Timestamp,
) -> Result<Opened, SubmitError> {
    let known = compare(auth, &identifier, password.clone(), sender.address, now).await?;
    let (identity, compared) = known.ok_or(SubmitError::Refused(Rule::WrongCredentials))?;
    let hash = renewed(auth, password, &compared).await?;
    let mut writes = vec![complete_flow(flow.id), expect_password(identity.id, compared, hash)];
    let present = present.filter(|present| present.session.identity.id == identity.id);
    let (opened, write) = match present {
        Some(present) => refresh(present, now),
        None => open(auth, identity, sender.device, now)?,
    };
    writes.push(write);
    auth.commit(now, writes).await.map_err(|error| refusal_of(error, flow))?;
    let Session { id, identity: Identity { id: identity_id, user_id, .. }, .. } = &opened.session;
    tracing::info!(user.id = %user_id, identity.id = %identity_id, session.id = %id,
        "Signed in user {user_id}");
    Ok(opened)
}

/// A hash of the right password at today's cost: the one that was compared, if it is.
async fn renewed(auth: &Auth, password: Password, compared: &str) -> Result<String, SubmitError> {
    let hasher = auth.hasher();
    if hasher.is_of_today(compared) {
        return Ok(compared.to_owned());
    }
    Ok(hasher.hash(hasher.place().await?, password).await?)
}

fn open(
    auth: &Auth,
    identity: Identity,
    device: Device,
    now: Timestamp,
) -> Result<(Opened, Statement), SubmitError> {
    let token = new_token()?;
    let lifetime = auth.options().session_lifetime;
    let session = Session::open(SessionId::generate(), identity, device, now, lifetime);
    let write = insert_session(&session, &token);
    Ok((Opened { session, token }, write))
}

fn refresh(Opened { session, token }: Opened, now: Timestamp) -> (Opened, Statement) {
    let session = session.refresh(now);
    let write = refresh_session(&session);
    (Opened { session, token }, write)
}

/// The identity with this e-mail address, and its password's hash, if `password` is right.
async fn compare(
    auth: &Auth,
    identifier: &str,
    password: Password,
    address: Option<IpAddr>,
    now: Timestamp,
) -> Result<Option<(Identity, String)>, SubmitError> {
    let throttle = auth.throttle();
    let (account, from) = (Key::account(identifier), address.map(Key::sign_in));
    let ask_address = || from.map_or(Ok(()), |from| throttle.ask(from, now));
    ask_address()?;
    throttle.ask(account, now)?;
    let known = find_credentials(auth, identifier).await?;
    let hash = known.as_ref().map(|(_, hash)| hash.clone());
    let place = auth.hasher().place().await?;
    // others may have failed while this one waited; who hangs up from here on has failed, too
    ask_address()?;
    throttle.take(account, now)?;
    if auth.hasher().verify(place, password, hash).await? {
        throttle.forget(account);
        return Ok(known);
    }
    if let Some(from) = from {
        throttle.count(from, now);
    }
    Ok(None)
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

/// What others did between the comparison and the commit.
fn refusal_of(error: StoreError, flow: &Flow) -> SubmitError {
    match error {
        StoreError::Conflict { sql: SAME_PASSWORD, .. } => {
            SubmitError::Refused(Rule::WrongCredentials)
        }
        StoreError::Conflict { sql: SAME_SESSION, .. } => SubmitError::SessionEnded,
        StoreError::Conflict { .. } => SubmitError::Completed(flow.id),
        error => error.into(),
    }
}
