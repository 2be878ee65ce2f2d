//! Claims: which of several processes with one database delivers an event. Who commits an event
//! claims it with the same write, and delivers it by the short way; others take it when the claim
//! has lapsed, because that process is gone or has too much to do. What a claim keeps apart is
//! work, not correctness: two who deliver the same event do no harm.

use std::time::Duration;

use kernel::{EventId, Timestamp};
use store::{Row, Statement, StoreError, Value, params};
use uuid::Uuid;

use crate::journal::Journal;

/// How long a claim counts. Clocks of different machines may differ by less than that.
const LEASE: Duration = Duration::from_secs(5);

const INSERT: &str =
    "insert into outbox (id, envelope, claimed_by, claimed_until) values (?1, ?2, ?3, ?4)";

/// What nobody else delivers now.
const FREE_OR_OWN: &str = "select id, envelope, claimed_by, claimed_until from outbox
     where id > ?1 and (claimed_by = ?3 or claimed_until is null or claimed_until <= ?4)
     order by id limit ?2";

const CLAIM: &str = "update outbox set claimed_by = ?2, claimed_until = ?3 where id = ?1
     and (claimed_by = ?2 or claimed_until is null or claimed_until <= ?4)";

const CLAIMED: &str = "select id from outbox
     where claimed_by = ?1 and claimed_until = ?2 and id >= ?3 and id <= ?4";

const RENEW: &str = "update outbox set claimed_until = ?3 where id = ?1 and claimed_by = ?2";

const RELEASE: &str =
    "update outbox set claimed_by = null, claimed_until = null where claimed_by = ?1";

/// One process's claims.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claims {
    owner: Uuid,
}

impl Claims {
    /// Those of a process that begins now. What an earlier process claimed, this one takes when
    /// those claims have lapsed, as all others do.
    pub(crate) fn of_a_new_process() -> Self {
        Self { owner: EventId::generate().as_uuid() }
    }

    /// How often a relay renews what it holds: more than twice in half a lease.
    pub(crate) const RENEW_EVERY: Duration = Duration::from_millis(800);

    /// Stores an event that was made at `at`, claimed.
    pub(crate) fn insert(&self, id: EventId, json: String, at: Timestamp) -> Statement {
        Statement::new(INSERT, params![id, json, self.owner, at.plus(LEASE)])
    }

    /// Whether the claim of an event that was made at `at` counts long enough to deliver it.
    pub(crate) fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
        now < at.plus(LEASE / 2)
    }

    /// What this process is to deliver of one page of rows after `after`: its own, and whatever is
    /// free; of those that are `wanted`, as many as there is `room` for.
    pub(crate) async fn take(
        &self,
        journal: &Journal,
        now: Timestamp,
        after: Uuid,
        (page, room): (usize, usize),
        wanted: impl Fn(EventId) -> bool,
    ) -> Result<Page, StoreError> {
        let asked = params![after, page as i64, self.owner, now];
        let rows = journal.query(FREE_OR_OWN, asked).await?;
        let last = rows.last().map(|row| row.get(0)).transpose()?.unwrap_or(after);
        let (read, mut has_left) = (rows.len(), false);
        let (mut taken, mut free) = (Vec::new(), Vec::new());
        for row in rows {
            if !wanted(row.get(0)?) {
                continue;
            }
            if taken.len() + free.len() >= room {
                has_left = true;
                break;
            }
            if self.holds(&row, now)? { &mut taken } else { &mut free }.push(row);
        }
        taken.extend(self.claim(journal, free, now).await?);
        Ok(Page { rows: taken, last, read, has_left })
    }

    /// Whether the row is claimed by this process, and will be for long enough to deliver it.
    fn holds(&self, row: &Row, now: Timestamp) -> Result<bool, StoreError> {
        let (owner, until): (Option<Uuid>, Option<Timestamp>) = (row.get(2)?, row.get(3)?);
        let is_long = until.is_some_and(|until| until.minus(LEASE / 2) > now);
        Ok(owner == Some(self.owner) && is_long)
    }

    /// Claims `free`, and answers what it got: others may have been quicker.
    async fn claim(
        &self,
        journal: &Journal,
        free: Vec<Row>,
        now: Timestamp,
    ) -> Result<Vec<Row>, StoreError> {
        let (Some(first), Some(last)) = (free.first(), free.last()) else {
            return Ok(free);
        };
        let (first, last): (Uuid, Uuid) = (first.get(0)?, last.get(0)?);
        let until = now.plus(LEASE);
        let claim = |row: &Row| {
            let id: Uuid = row.get(0)?;
            Ok(Statement::new(CLAIM, params![id, self.owner, until, now]))
        };
        let batch = free.iter().map(claim).collect::<Result<_, StoreError>>()?;
        journal.store.apply(batch).await?;
        let range: [Value; 4] = params![self.owner, until, first, last];
        let claimed = journal.query(CLAIMED, range).await?;
        let claimed = claimed.iter().map(|row| row.get(0)).collect::<Result<Vec<Uuid>, _>>()?;
        let mut got = Vec::with_capacity(claimed.len());
        for row in free {
            if claimed.contains(&row.get(0)?) {
                got.push(row);
            }
        }
        Ok(got)
    }

    /// Keeps what is taking long.
    pub(crate) async fn renew(
        &self,
        journal: &Journal,
        held: impl Iterator<Item = EventId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let until = now.plus(LEASE);
        let renew = |id| Statement::new(RENEW, params![id, self.owner, until]);
        let mut held: Vec<EventId> = held.collect();
        held.sort_unstable();
        let batch: Vec<Statement> = held.into_iter().map(renew).collect();
        if batch.is_empty() { Ok(()) } else { journal.store.apply(batch).await }
    }

    /// Leaves to others what this process will not deliver any more.
    pub(crate) async fn release(&self, journal: &Journal) -> Result<(), StoreError> {
        journal.store.apply(vec![Statement::new(RELEASE, params![self.owner])]).await
    }
}

/// What was taken.
pub(crate) struct Page {
    pub(crate) rows: Vec<Row>,
    /// The last event that was looked at.
    pub(crate) last: Uuid,
    /// How many were looked at.
    pub(crate) read: usize,
    /// There was no room for some of them.
    pub(crate) has_left: bool,
}
