//! The SQL of identities, sessions and flows: what is written and how it is read back.

use ::store::{Migration, Row, Statement, StoreError, params};
use kernel::{FlowId, Timestamp};

use crate::domain::email::Email;
use crate::domain::flow::{Flow, FlowKind, Form};
use crate::domain::identity::Identity;
use crate::domain::session::Session;
use crate::domain::token::SessionToken;

/// The tables of this context.
pub const MIGRATIONS: &[Migration] =
    &[Migration { name: "auth/0001_auth", sql: include_str!("../migrations/0001_auth.sql") }];

/// The constraint by which no two identities have one e-mail address.
pub(crate) const EMAIL_ONCE: &str = "identities_email_once";

/// Rows one statement of housekeeping deletes, so that it doesn't keep others waiting.
pub(crate) const PRUNE_MAX: usize = 1000;

/// `?1` is the token's digest.
pub(crate) const SESSION_BY_TOKEN: &str = "
    select s.id, s.issued_at, s.expires_at, i.id, u.id, i.email, i.created_at
    from sessions s
    join identities i on i.id = s.identity_id
    join users u on u.identity_id = i.id
    where s.token_hash = ?1 and s.revoked_at is null";

/// `?1` is the token's digest.
pub(crate) const SESSION_TO_END: &str =
    "select id, identity_id, revoked_at from sessions where token_hash = ?1";

/// `?1` is the e-mail address.
pub(crate) const CREDENTIALS_BY_EMAIL: &str = "
    select i.id, u.id, i.email, i.created_at, i.password_hash
    from identities i
    join users u on u.identity_id = i.id
    where i.email = ?1";

/// `?1` is the e-mail address.
pub(crate) const USER_BY_EMAIL: &str = "select id from users where email = ?1";

pub(crate) const COUNT_USERS: &str = "select count(*) from users";

/// `?1` is the flow's id, `?2` its kind.
pub(crate) const FLOW_BY_ID: &str = "
    select id, request_url, issued_at, expires_at, form
    from flows where id = ?1 and kind = ?2";

const INSERT_IDENTITY: &str =
    "insert into identities (id, email, password_hash, created_at) values (?1, ?2, ?3, ?4)";
const INSERT_USER: &str = "insert into users (id, identity_id, email) values (?1, ?2, ?3)";
const INSERT_SESSION: &str = "
    insert into sessions (id, token_hash, identity_id, issued_at, expires_at)
    values (?1, ?2, ?3, ?4, ?5)";
const REVOKE_SESSION: &str =
    "update sessions set revoked_at = ?2 where token_hash = ?1 and revoked_at is null";
const INSERT_FLOW: &str = "
    insert into flows (id, kind, request_url, issued_at, expires_at, form)
    values (?1, ?2, ?3, ?4, ?5, ?6)";
const UPDATE_FORM: &str = "update flows set form = ?2 where id = ?1";
const DELETE_FLOW: &str = "delete from flows where id = ?1";
const PRUNE_SESSIONS: &str = "delete from sessions where id in
     (select id from sessions where expires_at <= ?1 limit ?2)";
const PRUNE_FLOWS: &str = "delete from flows where id in
     (select id from flows where expires_at <= ?1 limit ?2)";

pub(crate) fn insert_identity(identity: &Identity, password_hash: String) -> Statement {
    let Identity { id, email, created_at, .. } = identity;
    let params = params![*id, email.as_str(), password_hash, *created_at];
    Statement::one_row(INSERT_IDENTITY, params)
}

pub(crate) fn insert_user(identity: &Identity) -> Statement {
    let Identity { id, user_id, email, .. } = identity;
    Statement::one_row(INSERT_USER, params![*user_id, *id, email.as_str()])
}

pub(crate) fn insert_session(session: &Session, token: &SessionToken) -> Statement {
    let Session { id, identity, issued_at, expires_at } = session;
    let params = params![*id, token.digest(), identity.id, *issued_at, *expires_at];
    Statement::one_row(INSERT_SESSION, params)
}

/// Ends a session; one that was ended before stays as it is.
pub(crate) fn revoke_session(token: &SessionToken, now: Timestamp) -> Statement {
    Statement::new(REVOKE_SESSION, params![token.digest(), now])
}

pub(crate) fn insert_flow(flow: &Flow) -> Result<Statement, StoreError> {
    let Flow { id, kind, request_url, issued_at, expires_at, form } = flow;
    let url = request_url.as_str();
    let params = params![*id, kind.as_str(), url, *issued_at, *expires_at, json_of(form)?];
    Ok(Statement::one_row(INSERT_FLOW, params))
}

/// Keeps the form that is handed back. A flow that has ended meanwhile has none to keep.
pub(crate) fn update_form(flow: &Flow) -> Result<Statement, StoreError> {
    Ok(Statement::new(UPDATE_FORM, params![flow.id, json_of(&flow.form)?]))
}

/// Ends a flow by its success. Only one submission can.
pub(crate) fn complete_flow(id: FlowId) -> Statement {
    Statement::one_row(DELETE_FLOW, params![id])
}

pub(crate) fn prune_sessions(until: Timestamp) -> Statement {
    Statement::new(PRUNE_SESSIONS, params![until, prune_max()])
}

pub(crate) fn prune_flows(until: Timestamp) -> Statement {
    Statement::new(PRUNE_FLOWS, params![until, prune_max()])
}

fn prune_max() -> i64 {
    i64::try_from(PRUNE_MAX).unwrap_or(i64::MAX)
}

/// A row of [`SESSION_BY_TOKEN`].
pub(crate) fn read_session(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.get(0)?,
        issued_at: row.get(1)?,
        expires_at: row.get(2)?,
        identity: read_identity(row, 3)?,
    })
}

/// A row of [`CREDENTIALS_BY_EMAIL`].
pub(crate) fn read_credentials(row: &Row) -> Result<(Identity, String), StoreError> {
    Ok((read_identity(row, 0)?, row.get(4)?))
}

/// An identity in the four columns from `first` on.
fn read_identity(row: &Row, first: usize) -> Result<Identity, StoreError> {
    Ok(Identity {
        id: row.get(first)?,
        user_id: row.get(first + 1)?,
        email: row.parse(first + 2, |text| Email::parse(text).ok())?,
        created_at: row.get(first + 3)?,
    })
}

/// A row of [`FLOW_BY_ID`].
pub(crate) fn read_flow(row: &Row, kind: FlowKind) -> Result<Flow, StoreError> {
    Ok(Flow {
        id: row.get(0)?,
        kind,
        request_url: row.get(1)?,
        issued_at: row.get(2)?,
        expires_at: row.get(3)?,
        form: row.parse(4, |json| serde_json::from_str(json).ok())?,
    })
}

fn json_of(form: &Form) -> Result<String, StoreError> {
    serde_json::to_string(form).map_err(|error| StoreError::Failed { reason: error.to_string() })
}
