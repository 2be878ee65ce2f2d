//! Finds the live session of a token: one query, by an index.

use kernel::Timestamp;
use store::{StoreError, params};

use crate::context::Auth;
use crate::domain::session::Session;
use crate::domain::token::SessionToken;
use crate::store::{SESSION_BY_TOKEN, read_session};

pub(crate) async fn whoami(
    auth: &Auth,
    token: &str,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let Some(token) = SessionToken::parse(token) else {
        return Ok(None);
    };
    let rows = auth.journal().query(SESSION_BY_TOKEN, params![token.digest()]).await?;
    let session = rows.first().map(read_session).transpose()?;
    Ok(session.filter(|session| session.is_live(now)))
}
