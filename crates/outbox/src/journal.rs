//! The journal: a context's database, which changes only together with its events.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use events::Event;
use kernel::{EventId, Timestamp};
use store::{Row, Statement, Store, StoreError, Value, params};
use tokio::sync::watch;

/// How often [`Journal::wait_for`] looks again without a hint: another process may have written.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

const INSERT_OUTBOX: &str = "insert into outbox (id, envelope) values (?1, ?2)";
const INSERT_INBOX: &str = "insert into inbox (event_id, seen_at) values (?1, ?2)";

/// New state with the events that tell of it: stored together, or not at all.
#[derive(Debug)]
pub struct Changeset {
    at: Timestamp,
    writes: Vec<Statement>,
    events: Vec<Event>,
    answers: Option<EventId>,
}

impl Changeset {
    /// What changes at `at`, and what others hear of it. No events means that nobody else needs
    /// to know, and is said by an empty list.
    #[must_use]
    pub const fn new(at: Timestamp, writes: Vec<Statement>, events: Vec<Event>) -> Self {
        Self { at, writes, events, answers: None }
    }

    /// The change answers this event: once it is committed, a redelivery is
    /// [`Committed::Earlier`].
    #[must_use]
    pub const fn answering(mut self, event: EventId) -> Self {
        self.answers = Some(event);
        self
    }

    fn into_batch(self) -> Result<Vec<Statement>, StoreError> {
        let Self { at, mut writes, events, answers } = self;
        if let Some(event) = answers {
            writes.insert(0, Statement::new(INSERT_INBOX, params![event, at]));
        }
        let trace = telemetry::trace::current().map(|trace| trace.to_string());
        for event in events {
            let id = EventId::generate();
            let json = event
                .seal(id, at, trace.clone())
                .and_then(|envelope| serde_json::to_string(&envelope))
                .map_err(|error| StoreError::Failed { reason: error.to_string() })?;
            writes.push(Statement::new(INSERT_OUTBOX, params![id, json]));
        }
        Ok(writes)
    }
}

/// Whether a changeset was committed by this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a changeset that answers an event may have been committed earlier"]
pub enum Committed {
    /// Now, by this call.
    Now,
    /// Earlier, by another delivery of the event it answers; this call changed nothing.
    Earlier,
}

/// A context's database. Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    pub(crate) store: Store,
    commits: Arc<watch::Sender<u64>>,
}

impl Journal {
    /// The journal over `store`, whose migrations include [`crate::MIGRATIONS`].
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, commits: Arc::new(watch::Sender::new(0)) }
    }

    /// Stores the changeset's state, events and inbox row, atomically and durably.
    ///
    /// # Errors
    /// As [`Store::apply`]; then nothing was stored.
    pub async fn commit(&self, changeset: Changeset) -> Result<Committed, StoreError> {
        match self.store.apply(changeset.into_batch()?).await {
            Ok(()) => {
                self.commits.send_modify(|count| *count = count.wrapping_add(1));
                Ok(Committed::Now)
            }
            Err(error) if error.is_constraint("inbox_once") => Ok(Committed::Earlier),
            Err(error) => Err(error),
        }
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

    /// Looks until `look` finds something or `patience` is over: after each commit here, and a few
    /// times a second for commits elsewhere.
    ///
    /// # Errors
    /// The first error of `look`.
    pub async fn wait_for<T, E, F>(
        &self,
        patience: Duration,
        mut look: impl FnMut() -> F,
    ) -> Result<Option<T>, E>
    where
        F: Future<Output = Result<Option<T>, E>>,
    {
        let mut commits = self.commits();
        let mut tick = tokio::time::interval(LOOK_AGAIN);
        let deadline = tokio::time::Instant::now() + patience;
        // bounded: by `patience`
        loop {
            commits.mark_unchanged();
            if let Some(found) = look().await? {
                return Ok(Some(found));
            }
            tokio::select! {
                () = tokio::time::sleep_until(deadline) => return look().await,
                _ = commits.changed() => {}
                _ = tick.tick() => {}
            }
        }
    }

    /// Changes after each commit made through this journal: a hint to look, never the truth.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.subscribe()
    }

    /// Whether every committed event was delivered, and how many were parked: what the operator
    /// and the tests watch.
    ///
    /// # Errors
    /// As [`Store::query`].
    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        let sql = "select (select count(*) from outbox), (select count(*) from dead_letters)";
        let rows = self.store.query(sql, []).await?;
        let row = rows.first().ok_or_else(|| StoreError::Failed { reason: "no row".into() })?;
        Ok(Backlog { undelivered: row.get(0)?, dead_letters: row.get(1)? })
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
