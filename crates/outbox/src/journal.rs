//! The journal: a context's database, which changes only together with its events.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use kernel::{EventId, Timestamp};
use store::{Condition, Engine, Row, Statement, Store, StoreError, Value, params};
use telemetry::metrics::catalog::OUTBOX_WAITS;
use telemetry::span::Span;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::changeset::Changeset;
use crate::claims::Claims;
use crate::fresh::Fresh;
use crate::heard::{Heard, wait_until_heard};
use crate::room::LetIn;

/// How often [`Journal::wait_for`] looks again without a hint: another process may have written.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How long a request waits for what another context is about to tell, or has to hear.
pub const NEWS_PATIENCE: Duration = Duration::from_secs(2);

/// How long [`Journal::wait_for_room`] waits at most.
const ROOM_PATIENCE: Duration = Duration::from_secs(2);

/// What refuses a changeset that handles an event again.
const INBOX_ONCE: &str = "inbox_pkey";

/// How far [`Journal::backlog`] counts.
pub const COUNTED_MAX: i64 = 100_000;

const BACKLOG: &str = "select (select count(*) from (select 1 from outbox limit ?1) undelivered),
     (select count(*) from (select 1 from dead_letters limit ?1) parked)";

const OLDEST: &str = "select id from outbox order by id limit 1";

const IN_OUTBOX: &str = "select id from outbox where id = ?1";

/// Whether a changeset was committed by this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a changeset that handles an event may have been committed earlier"]
pub enum Committed {
    /// Now, by this call.
    Now,
    /// Earlier, by another delivery of the event it handles; this call changed nothing.
    Earlier,
}

/// A context's database. Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    pub(crate) store: Store,
    pub(crate) fresh: Arc<Fresh>,
    pub(crate) claims: Option<Claims>,
    heard: Option<Arc<dyn Heard>>,
    commits: Arc<watch::Sender<u64>>,
    deliveries: Arc<watch::Sender<u64>>,
}

impl Journal {
    /// The journal over `store`, whose migrations include [`crate::MIGRATIONS`], and which this
    /// process has for itself.
    #[must_use]
    pub fn new(store: Store) -> Self {
        let counter = || Arc::new(watch::Sender::new(0));
        let (commits, deliveries) = (counter(), counter());
        Self { store, fresh: Arc::default(), claims: None, heard: None, commits, deliveries }
    }

    /// As [`Self::new`], over a `store` that other processes of this context use as well.
    #[must_use]
    pub fn shared(store: Store) -> Self {
        Self { claims: Some(Claims::of_a_new_process()), ..Self::new(store) }
    }

    /// Lets [`Self::commit_and_tell`] ask whether events were heard, where their delivery doesn't
    /// say so.
    #[must_use]
    pub fn asking(self, heard: Arc<dyn Heard>) -> Self {
        Self { heard: Some(heard), ..self }
    }

    /// Waits while many events of this process are on their way, two seconds at most: for a request
    /// that begins something new, before that is decided. Keep what this answers until it is
    /// stored. What goes on with something, or ends it, waits for nothing. A process that has the
    /// database for itself isn't behind, and nobody waits while no event can be handed over.
    pub async fn wait_for_room(&self) -> LetIn {
        if self.claims.is_none() {
            return LetIn::FREELY;
        }
        let let_in = self.fresh.room.enter(ROOM_PATIENCE).await;
        if let_in.has_waited() {
            OUTBOX_WAITS.counter(&[self.store.name().to_owned()]).increment(1);
        }
        let_in
    }

    /// Stores the changeset's state, events, inbox row and receipt, atomically and durably.
    ///
    /// # Errors
    /// As [`Store::apply`]; then nothing was stored.
    pub async fn commit(&self, changeset: Changeset) -> Result<Committed, StoreError> {
        self.store_all(changeset).await.map(|(committed, _told)| committed)
    }

    /// As [`Self::commit`]; then waits until everybody has handled its events, but not longer than
    /// `patience` ([`NEWS_PATIENCE`], for a request): for changes after which the caller relies on
    /// what other contexts know.
    ///
    /// # Errors
    /// As [`Store::apply`]; then nothing was stored.
    pub async fn commit_and_tell(
        &self,
        changeset: Changeset,
        patience: Duration,
    ) -> Result<Committed, StoreError> {
        // from before the commit on: the relay hurries while somebody waits
        let deliveries = self.deliveries();
        let (committed, told) = self.store_all(changeset).await?;
        let told = &told;
        let all_handled = || async move {
            for event in told {
                if !self.query(IN_OUTBOX, params![*event]).await?.is_empty() {
                    return Ok(None);
                }
            }
            Ok::<_, StoreError>(Some(()))
        };
        let deadline = Instant::now() + patience;
        let is_delivered = wait_until(deliveries, patience, all_handled).await?.is_some();
        let is_heard = match &self.heard {
            Some(heard) if is_delivered => wait_until_heard(&**heard, told, deadline).await,
            _ => is_delivered,
        };
        if !is_heard {
            tracing::warn!(event.ids = ?told, "Not everybody has heard yet of what was committed");
        }
        Ok(committed)
    }

    async fn store_all(
        &self,
        changeset: Changeset,
    ) -> Result<(Committed, Vec<EventId>), StoreError> {
        let handles_event = changeset.handles_event();
        let (batch, events) = changeset.into_batch(self.claims)?;
        let announced = Arc::clone(&self.fresh).announce(events);
        let told = announced.ids();
        let mut span = Span::of_part("commit");
        span.note("db.namespace", self.store.name());
        let applied = if handles_event {
            self.store.apply_in_company(batch).await
        } else {
            self.store.apply(batch).await
        };
        if applied.is_err() {
            span.fail();
        }
        drop(span);
        match applied {
            Ok(()) => {
                announced.committed();
                self.commits.send_modify(|count| *count = count.wrapping_add(1));
                Ok((Committed::Now, told))
            }
            Err(error) if error.is_constraint(INBOX_ONCE) => Ok((Committed::Earlier, Vec::new())),
            Err(error) => Err(error),
        }
    }

    /// What keeps its data: for SQL that one engine alone understands.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        self.store.engine()
    }

    /// Reads rows; see [`Store::query`].
    ///
    /// # Errors
    /// As [`Store::query`].
    pub async fn query(
        &self,
        sql: impl Into<Cow<'static, str>>,
        params: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, StoreError> {
        self.store.query(sql, params).await
    }

    /// Reads rows, perhaps after looking at many; see [`Store::scan`].
    ///
    /// # Errors
    /// As [`Store::scan`].
    pub async fn scan(
        &self,
        sql: impl Into<Cow<'static, str>>,
        params: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, StoreError> {
        self.store.scan(sql, params).await
    }

    /// Looks until `look` finds something or `patience` is over: after each commit here, and a few
    /// times a second for commits elsewhere.
    ///
    /// # Errors
    /// The first error of `look`.
    pub async fn wait_for<T, E, F>(
        &self,
        patience: Duration,
        look: impl FnMut() -> F,
    ) -> Result<Option<T>, E>
    where
        F: Future<Output = Result<Option<T>, E>>,
    {
        wait_until(self.commits(), patience, look).await
    }

    /// Changes after each commit made through this journal: a hint to look, never the truth.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.subscribe()
    }

    /// Whether somebody waits until events are delivered and taken out of the outbox.
    pub(crate) fn is_awaited(&self) -> bool {
        self.deliveries.receiver_count() > 0
    }

    /// Changes each time that delivered events have left the outbox: a hint to look, never the
    /// truth.
    #[must_use]
    pub fn deliveries(&self) -> watch::Receiver<u64> {
        self.deliveries.subscribe()
    }

    /// Takes delivered events out of the outbox.
    pub(crate) async fn clear(&self, delivered: Vec<Statement>) -> Result<(), StoreError> {
        self.store.apply(delivered).await?;
        self.deliveries.send_modify(|count| *count = count.wrapping_add(1));
        Ok(())
    }

    /// How it is, as far as can be told without asking it.
    #[must_use]
    pub fn condition(&self) -> Condition {
        self.store.condition()
    }

    /// Writes, durably, without changing anything; see [`Store::probe`].
    ///
    /// # Errors
    /// As [`Store::probe`].
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.store.probe().await
    }

    /// Ends it in good order; see [`Store::close`].
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// Whether every committed event was delivered, and how many were parked: what the operator
    /// and the tests watch. Counts stop at [`COUNTED_MAX`], so that asking stays cheap, and never
    /// waits for searches.
    ///
    /// # Errors
    /// As [`Store::query`].
    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        let rows = self.store.query(BACKLOG, params![COUNTED_MAX]).await?;
        let row = rows.first().ok_or_else(|| StoreError::Failed { reason: "no row".into() })?;
        Ok(Backlog { undelivered: row.get(0)?, dead_letters: row.get(1)? })
    }

    /// When the oldest event that is still to be delivered was committed. One look at the head of
    /// an index: who wants to know whether the database answers asks this.
    ///
    /// # Errors
    /// As [`Store::query`].
    pub async fn oldest_undelivered(&self) -> Result<Option<Timestamp>, StoreError> {
        let rows = self.store.query(OLDEST, []).await?;
        let oldest: Option<EventId> = rows.first().map(|row| row.get(0)).transpose()?;
        Ok(oldest.map(|id| made_at(id.as_uuid())))
    }
}

/// What a context still has to send, and what it could not handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Events in the outbox.
    pub undelivered: i64,
    /// Events parked as dead letters.
    pub dead_letters: i64,
}

/// When an event's id was made: the first 48 bits of a UUIDv7 are milliseconds (RFC 9562, 5.7).
fn made_at(id: Uuid) -> Timestamp {
    let millis = id.as_u128() >> 80;
    Timestamp::from_micros(i64::try_from(millis * 1000).unwrap_or(i64::MAX))
}

/// The least id that can be made at `at`: ids that are less were made before.
pub(crate) fn least_id_at(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.as_micros() / 1000).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

/// Looks after each change of `hints`, and a few times a second, until something is found.
async fn wait_until<T, E, F>(
    mut hints: watch::Receiver<u64>,
    patience: Duration,
    mut look: impl FnMut() -> F,
) -> Result<Option<T>, E>
where
    F: Future<Output = Result<Option<T>, E>>,
{
    let deadline = Instant::now() + patience;
    // bounded: by `patience`
    loop {
        hints.mark_unchanged();
        let looked_at = Instant::now();
        if let Some(found) = look().await? {
            return Ok(Some(found));
        }
        if looked_at >= deadline {
            return Ok(None);
        }
        // with or without a hint, it is time to look again
        let _hinted = timeout_at(deadline.min(looked_at + LOOK_AGAIN), hints.changed()).await;
    }
}
