//! How timers are kept.

use kernel::{EventId, Timestamp};
use outbox::{Changeset, Committed, Journal};
use store::{Migration, Row, Statement, StoreError, params};

use crate::domain::{Timer, TimerStatus};
use crate::timers::Due;

/// The tables of this context.
pub const MIGRATIONS: &[Migration] = &[
    Migration::new("expiration/0001_timers", include_str!("../migrations/0001_timers.sql")),
    Migration::new("expiration/0002_trace", include_str!("../migrations/0002_trace.sql")),
];

/// Arms a timer unless the order was seen before.
const ARM: &str = "insert into timers (order_id, fires_at, status, traceparent)
     values (?1, ?2, ?3, ?4) on conflict (order_id) do nothing";

/// Drops a timer that hasn't fired, also one that was not armed yet.
const DROP: &str = "insert into timers (order_id, fires_at, status, traceparent)
     values (?1, ?2, ?3, ?4) on conflict (order_id) do update set status = excluded.status
     where timers.status = 'armed'";

const FIRED: &str = "update timers set status = 'fired' where order_id = ?1 and status = 'armed'";

const DUE: &str = "select order_id, fires_at, traceparent from timers
     where status = 'armed' and fires_at <= ?1 order by fires_at limit ?2";

const ENDED: &str = "select order_id from timers
     where status <> 'armed' and fires_at < ?1 order by fires_at limit 1";

const FORGET: &str = "delete from timers where order_id in (select order_id from timers
     where status <> 'armed' and fires_at < ?1 order by fires_at limit 1000)";

const NEXT: &str = "select fires_at from timers where status = 'armed' order by fires_at limit 1";

/// Keeps what an order's event asks for, in whatever order they come.
pub(crate) async fn keep(
    journal: &Journal,
    timer: Timer,
    delivery: EventId,
    at: Timestamp,
) -> Result<Committed, StoreError> {
    let sql = if timer.status == TimerStatus::Armed { ARM } else { DROP };
    let trace = telemetry::trace::current_header();
    let row = params![timer.order_id, timer.fires_at, timer.status.as_str(), trace];
    let writes = vec![Statement::new(sql, row)];
    journal.commit(Changeset::new(at, writes, Vec::new()).handling(delivery)).await
}

/// Marks a timer as fired, in the commit of the event that says so; a conflict when it was dropped
/// meanwhile.
pub(crate) fn fired(timer: &Timer) -> Statement {
    Statement::one_row(FIRED, params![timer.order_id])
}

/// Armed timers whose time has come at `now`, the longest overdue first, each with the trace of
/// the request that placed its order.
pub(crate) async fn due(
    journal: &Journal,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Due>, StoreError> {
    let rows = journal.query(DUE, params![now, limit]).await?;
    let due = |row: &Row| {
        let (order_id, fires_at) = (row.get(0)?, row.get(1)?);
        let timer = Timer { order_id, fires_at, status: TimerStatus::Armed };
        Ok(Due { timer, trace: row.get(2)? })
    };
    rows.iter().map(due).collect()
}

/// When the next armed timer fires.
pub(crate) async fn next(journal: &Journal) -> Result<Option<Timestamp>, StoreError> {
    let rows = journal.query(NEXT, []).await?;
    rows.first().map(|row| row.get(0)).transpose()
}

/// Deletes up to a thousand timers that were over before `before` and don't run.
pub(crate) async fn forget_ended(
    journal: &Journal,
    before: Timestamp,
    at: Timestamp,
) -> Result<(), StoreError> {
    if journal.query(ENDED, params![before]).await?.is_empty() {
        return Ok(());
    }
    let writes = vec![Statement::new(FORGET, params![before])];
    journal.commit(Changeset::new(at, writes, Vec::new())).await.map(drop)
}
