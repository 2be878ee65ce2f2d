//! The SQL of identities, sessions and flows: what is written and how it is read back.

use ::store::{Migration, Row, Statement, StoreError, Value, params};
use kernel::{FlowId, IdentityId, SessionId, Timestamp};

use crate::domain::email::Email;
use crate::domain::flow::{Channel, Flow, FlowKind, Form, Purpose};
use crate::domain::identity::Identity;
use crate::domain::return_to::ReturnTo;
use crate::domain::session::{Device, Session};
use crate::domain::token::{SessionToken, TokenDigest};

/// The tables of this context.
pub const MIGRATIONS: &[Migration] = &[
    Migration::new("auth/0001_auth", include_str!("../migrations/0001_auth.sql")),
    Migration::new("auth/0002_browsers", include_str!("../migrations/0002_browsers.sql")),
    Migration::new(
        "auth/0003_told_by_entities",
        include_str!("../migrations/0003_told_by_entities.sql"),
    ),
];

/// The constraint by which no two identities have one e-mail address.
pub(crate) const EMAIL_ONCE: &str = "identities_email_once";

/// How the column `type` of a flow calls its channel; Kratos calls it so, too.
pub(crate) const API: &str = "api";
pub(crate) const BROWSER: &str = "browser";

/// Rows one statement of housekeeping deletes, so that it doesn't keep others waiting.
pub(crate) const PRUNE_MAX: usize = 1000;

impl From<TokenDigest> for Value {
    fn from(digest: TokenDigest) -> Self {
        Self::Text(digest.hex())
    }
}

/// Sessions that were not ended, as [`read_session`] reads them.
macro_rules! sessions_where {
    ($condition:literal) => {
        concat!(
            "select s.id, s.issued_at, coalesce(s.authenticated_at, s.issued_at), s.expires_at,
                    s.ip_address, s.user_agent, i.id, u.id, i.email, i.created_at
             from sessions s
             join identities i on i.id = s.identity_id
             join users u on u.identity_id = i.id
             where s.revoked_at is null and ",
            $condition
        )
    };
}

/// `?1` is the token's digest.
pub(crate) const SESSION_BY_TOKEN: &str = sessions_where!("s.token_hash = ?1");

/// The newest sessions of the identity `?1` but `?2` that are live at `?3`, from `?4` on, at most
/// `?5`.
pub(crate) const OTHER_SESSIONS: &str = sessions_where!(
    "s.identity_id = ?1 and s.id <> ?2 and s.expires_at > ?3 and (s.id <= ?4 or ?4 is null)
     order by s.id desc limit ?5"
);

/// How many sessions the identity `?1` has but `?2` that are live at `?3`.
pub(crate) const COUNT_OTHER_SESSIONS: &str = "
    select count(*) from sessions
    where identity_id = ?1 and id <> ?2 and expires_at > ?3 and revoked_at is null";

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
    select id, request_url, issued_at, expires_at, form, type, csrf_hash, return_to, is_refresh,
           identity_id, is_done
    from flows where id = ?1 and kind = ?2";

/// Says, as a guard, that nobody changed the password since it was compared.
pub(crate) const SAME_PASSWORD: &str =
    "update identities set password_hash = ?3 where id = ?1 and password_hash = ?2";

/// Says, as a guard, that nobody ended the session since it was found.
pub(crate) const SAME_SESSION: &str =
    "update sessions set authenticated_at = ?2 where id = ?1 and revoked_at is null";

const INSERT_IDENTITY: &str =
    "insert into identities (id, email, password_hash, created_at) values (?1, ?2, ?3, ?4)";
const INSERT_USER: &str = "insert into users (id, identity_id, email) values (?1, ?2, ?3)";
const INSERT_SESSION: &str = "
    insert into sessions (id, token_hash, identity_id, issued_at, expires_at, authenticated_at,
                          ip_address, user_agent)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const REVOKE_SESSION: &str =
    "update sessions set revoked_at = ?2 where token_hash = ?1 and revoked_at is null";
const REVOKE_ONE: &str = "
    update sessions set revoked_at = ?3
    where id = ?1 and identity_id = ?2 and revoked_at is null";
/// Who signs in writes the identity, too ([`SAME_PASSWORD`]): until the commit no session comes.
const NOBODY_SIGNS_IN: &str = "update identities set created_at = created_at where id = ?1";
/// And none of these goes.
const EXPECT_OTHERS: &str = "
    update sessions set revoked_at = null
    where identity_id = ?1 and id <> ?2 and expires_at > ?3 and revoked_at is null";
const REVOKE_OTHERS: &str = "
    update sessions set revoked_at = ?3
    where identity_id = ?1 and id <> ?2 and revoked_at is null";
const UPDATE_PASSWORD: &str = "update identities set password_hash = ?2 where id = ?1";
const INSERT_FLOW: &str = "
    insert into flows (id, kind, request_url, issued_at, expires_at, form, type, csrf_hash,
                       return_to, is_refresh, identity_id)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
const UPDATE_FORM: &str = "update flows set form = ?2 where id = ?1 and is_done = 0";
const FINISH_FLOW: &str = "update flows set form = ?2, is_done = 1 where id = ?1 and is_done = 0";
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
    let Session { id, identity, issued_at, authenticated_at, expires_at, device } = session;
    let Device { address, user_agent } = device.clone();
    let params = params![
        *id,
        token.digest(),
        identity.id,
        *issued_at,
        *expires_at,
        *authenticated_at,
        address,
        user_agent,
    ];
    Statement::one_row(INSERT_SESSION, params)
}

/// Notes that the session's user showed the password, unless the session has ended.
pub(crate) fn refresh_session(session: &Session) -> Statement {
    Statement::one_row(SAME_SESSION, params![session.id, session.authenticated_at])
}

/// Refuses the batch when the password is another one by now; else keeps `hash` of it.
pub(crate) fn expect_password(id: IdentityId, compared: String, hash: String) -> Statement {
    Statement::one_row(SAME_PASSWORD, params![id, compared, hash])
}

pub(crate) fn update_password(id: IdentityId, password_hash: String) -> Statement {
    Statement::one_row(UPDATE_PASSWORD, params![id, password_hash])
}

/// Refuses the batch unless the identity has exactly `count` sessions but one that are live at
/// `now`, as [`COUNT_OTHER_SESSIONS`] counts them.
pub(crate) fn expect_others(
    id: IdentityId,
    but: SessionId,
    now: Timestamp,
    count: i64,
) -> [Statement; 2] {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    [
        Statement::one_row(NOBODY_SIGNS_IN, params![id]),
        Statement::rows(count, EXPECT_OTHERS, params![id, but, now]),
    ]
}

/// Ends sessions of an identity. To be committed by [`crate::context::Auth::commit_ending`], so
/// that nobody is known by them any more.
pub(crate) struct Revocation {
    pub(crate) of: IdentityId,
    pub(crate) write: Statement,
}

/// Ends all sessions of an identity but one.
pub(crate) fn revoke_others(of: IdentityId, but: SessionId, now: Timestamp) -> Revocation {
    Revocation { of, write: Statement::new(REVOKE_OTHERS, params![of, but, now]) }
}

/// Ends a session of this identity; of another's it ends none.
pub(crate) fn revoke_one(id: SessionId, of: IdentityId, now: Timestamp) -> Revocation {
    Revocation { of, write: Statement::new(REVOKE_ONE, params![id, of, now]) }
}

/// Ends the session with this token, which is the identity's; one that was ended before stays as
/// it is.
pub(crate) fn revoke_session(token: &SessionToken, of: IdentityId, now: Timestamp) -> Revocation {
    Revocation { of, write: Statement::new(REVOKE_SESSION, params![token.digest(), now]) }
}

pub(crate) fn insert_flow(flow: &Flow) -> Result<Statement, StoreError> {
    let Flow { id, purpose, issued_at, expires_at, form, is_done: _ } = flow;
    let Purpose { kind, channel, request_url, is_refresh, identity_id } = purpose;
    let (channel, csrf_digest, return_to) = match channel {
        Channel::Api => (API, None, None),
        Channel::Browser { csrf_digest, return_to } => {
            (BROWSER, Some(csrf_digest.as_str()), return_to.as_ref().map(ReturnTo::as_str))
        }
    };
    let params = params![
        *id,
        kind.as_str(),
        request_url.as_str(),
        *issued_at,
        *expires_at,
        json_of(form)?,
        channel,
        csrf_digest,
        return_to,
        *is_refresh,
        *identity_id,
    ];
    Ok(Statement::one_row(INSERT_FLOW, params))
}

/// Keeps the form that is handed back. A flow that has ended meanwhile has none to keep.
pub(crate) fn update_form(flow: &Flow) -> Result<Statement, StoreError> {
    Ok(Statement::new(UPDATE_FORM, params![flow.id, json_of(&flow.form)?]))
}

/// Keeps a flow that succeeded, to be shown. Only one submission can be the success.
pub(crate) fn finish_flow(flow: &Flow) -> Result<Statement, StoreError> {
    Ok(Statement::one_row(FINISH_FLOW, params![flow.id, json_of(&flow.form)?]))
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

/// A row of [`SESSION_BY_TOKEN`] or [`OTHER_SESSIONS`].
pub(crate) fn read_session(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.get(0)?,
        issued_at: row.get(1)?,
        authenticated_at: row.get(2)?,
        expires_at: row.get(3)?,
        device: Device { address: row.get(4)?, user_agent: row.get(5)? },
        identity: read_identity(row, 6)?,
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
    let (is_refresh, is_done): (i64, i64) = (row.get(8)?, row.get(10)?);
    let purpose = Purpose {
        kind,
        channel: read_channel(row)?,
        request_url: row.get(1)?,
        is_refresh: is_refresh != 0,
        identity_id: row.get(9)?,
    };
    Ok(Flow {
        id: row.get(0)?,
        purpose,
        issued_at: row.get(2)?,
        expires_at: row.get(3)?,
        form: row.parse(4, |json| serde_json::from_str(json).ok())?,
        is_done: is_done != 0,
    })
}

fn read_channel(row: &Row) -> Result<Channel, StoreError> {
    let (csrf_digest, return_to): (Option<String>, Option<String>) = (row.get(6)?, row.get(7)?);
    row.parse(5, |channel| match (channel, csrf_digest) {
        (API, None) => Some(Channel::Api),
        (BROWSER, Some(csrf_digest)) => {
            let return_to = return_to.map(ReturnTo::trusted);
            Some(Channel::Browser { csrf_digest, return_to })
        }
        _ => None,
    })
}

fn json_of(form: &Form) -> Result<String, StoreError> {
    serde_json::to_string(form).map_err(|error| StoreError::Failed { reason: error.to_string() })
}
