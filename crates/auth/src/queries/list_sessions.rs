//! Lists the sessions of somebody, but the one that asks.

use kernel::{SessionId, Timestamp};
use store::{StoreError, params};

use crate::context::Auth;
use crate::domain::session::Session;
use crate::store::{COUNT_OTHER_SESSIONS, OTHER_SESSIONS, read_session};

/// A page of them, newest first, from `first` on; and the id the next page begins with.
pub(crate) async fn list_others(
    auth: &Auth,
    present: &Session,
    first: Option<SessionId>,
    size: u32,
    now: Timestamp,
) -> Result<(Vec<Session>, Option<SessionId>), StoreError> {
    let params = params![present.identity.id, present.id, now, first, size.saturating_add(1)];
    let rows = auth.journal().scan(OTHER_SESSIONS, params).await?;
    let mut sessions = rows.iter().map(read_session).collect::<Result<Vec<_>, _>>()?;
    let next = if sessions.len() > size as usize { sessions.pop() } else { None };
    Ok((sessions, next.map(|session| session.id)))
}

/// How many there are.
pub(crate) async fn count_others(
    auth: &Auth,
    present: &Session,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let params = params![present.identity.id, present.id, now];
    let rows = auth.journal().scan(COUNT_OTHER_SESSIONS, params).await?;
    rows.first().map_or(Ok(0), |row| row.get(0))
}
