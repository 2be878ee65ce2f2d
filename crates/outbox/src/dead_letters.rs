//! Dead letters: what a context could not handle, kept in its own database for a person to look
//! at, to have handled once more, or to drop.
//!
//! A replay is asked for by a mark on the row, by whoever has the database, and done by a process
//! of the context, which has the consumer: so it needs no broker, and is the same on every profile.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bus::retry::Next;
use bus::{Consumer, Failure, RetryPolicy};
use events::Envelope;
use futures_util::FutureExt;
use kernel::{EventId, Timestamp};
use store::{Row, Statement, StoreError, params};
use telemetry::Repeated;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::journal::Journal;

/// How often a process looks for marks.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Marked letters handled in one look.
const PAGE: i64 = 64;

/// How often the log says that it can't look, while that is so.
const SAY_EVERY: Duration = Duration::from_secs(60);

const LETTERS: &str = "select event_id, envelope, reason, parked_at, replay_at from dead_letters
     where event_id > ?1 order by event_id limit ?2";
const LETTER: &str = "select event_id, envelope, reason, parked_at, replay_at from dead_letters
     where event_id = ?1";
const MARKED: &str = "select event_id, envelope, reason, parked_at, replay_at from dead_letters
     where replay_at is not null order by replay_at, event_id limit ?1";
const MARK: &str = "update dead_letters set replay_at = ?2 where event_id = ?1";
const MARK_ALL: &str = "update dead_letters set replay_at = ?1 where replay_at is null";
const FAILED: &str = "update dead_letters set reason = ?2, replay_at = null where event_id = ?1";
const DROP: &str = "delete from dead_letters where event_id = ?1";

/// An event that could not be handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The event's id; of what was no event at all, an id made from its content.
    pub id: EventId,
    /// The envelope as JSON; or what came in its place.
    pub envelope: String,
    /// Why it could not be handled, the last time.
    pub reason: String,
    /// When it was parked.
    pub parked_at: Timestamp,
    /// Since when it is to be handled once more.
    pub replay_at: Option<Timestamp>,
}

impl DeadLetter {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            envelope: row.get(1)?,
            reason: row.get(2)?,
            parked_at: row.get(3)?,
            replay_at: row.get(4)?,
        })
    }

    /// The event, where it is one.
    #[must_use]
    pub fn open(&self) -> Option<Envelope> {
        serde_json::from_str(&self.envelope).ok()
    }
}

impl Journal {
    /// Up to `limit` dead letters, in the order of their ids, after that of `after`.
    ///
    /// # Errors
    /// As [`store::Store::query`].
    pub async fn dead_letters(
        &self,
        limit: u32,
        after: Option<EventId>,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let after = after.map_or(Uuid::nil(), EventId::as_uuid);
        let rows = self.query(LETTERS, params![after, limit]).await?;
        rows.iter().map(DeadLetter::read).collect()
    }

    /// The dead letter `id`, if there is one.
    ///
    /// # Errors
    /// As [`store::Store::query`].
    pub async fn dead_letter(&self, id: EventId) -> Result<Option<DeadLetter>, StoreError> {
        let rows = self.query(LETTER, params![id]).await?;
        rows.first().map(DeadLetter::read).transpose()
    }

    /// Has the dead letter `id` handled once more, soon, by a process that has its consumer. Asking
    /// again before that changes nothing.
    ///
    /// # Errors
    /// As [`store::Store::apply`]; a conflict, when there is no such letter.
    pub async fn replay(&self, id: EventId, at: Timestamp) -> Result<(), StoreError> {
        self.store.apply(vec![Statement::one_row(MARK, params![id, at])]).await
    }

    /// As [`Self::replay`], for all that there are.
    ///
    /// # Errors
    /// As [`store::Store::apply`].
    pub async fn replay_all(&self, at: Timestamp) -> Result<(), StoreError> {
        self.store.apply(vec![Statement::new(MARK_ALL, params![at])]).await
    }

    /// Forgets the dead letter `id`: what it tells of will not be handled.
    ///
    /// # Errors
    /// As [`store::Store::apply`]; a conflict, when there is no such letter.
    pub async fn drop_dead_letter(&self, id: EventId) -> Result<(), StoreError> {
        self.store.apply(vec![Statement::one_row(DROP, params![id])]).await
    }
}

/// Has the marked dead letters of one context handled once more.
pub struct Replays {
    journal: Journal,
    consumer: Arc<dyn Consumer>,
    policy: RetryPolicy,
    trouble: Repeated,
}

impl Replays {
    /// Those in `journal`, by `consumer`, which commits to it.
    #[must_use]
    pub fn new(journal: Journal, consumer: Arc<dyn Consumer>) -> Self {
        let (policy, trouble) = (RetryPolicy::default(), Repeated::every(SAY_EVERY));
        Self { journal, consumer, policy, trouble }
    }

    /// Runs until `stop`, which comes between two letters.
    pub async fn run(self, stop: CancellationToken) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // bounded: by `stop`
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                _ = look.tick() => {}
            }
            if let Err(error) = self.replay_marked(&stop).await
                && let Some(kept_back) = self.trouble.say()
            {
                tracing::warn!(%error, kept_back, "Could not replay dead letters");
            }
        }
    }

    async fn replay_marked(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        for row in &self.journal.query(MARKED, params![PAGE]).await? {
            if stop.is_cancelled() {
                break;
            }
            let letter = DeadLetter::read(row)?;
            let done = match self.handle(&letter).await {
                Ok(()) => {
                    tracing::info!(event.id = %letter.id, "Replayed a dead letter");
                    Statement::new(DROP, params![letter.id])
                }
                Err(failure) => {
                    tracing::warn!(event.id = %letter.id, reason = %failure,
                        "A dead letter could not be handled this time either");
                    Statement::new(FAILED, params![letter.id, failure.to_string()])
                }
            };
            // when this fails, it is handled once more, which changes nothing
            self.journal.store.apply(vec![done]).await?;
        }
        Ok(())
    }

    async fn handle(&self, letter: &DeadLetter) -> Result<(), Failure> {
        let envelope: Envelope = serde_json::from_str(&letter.envelope)
            .map_err(|error| Failure::Fail(format!("this is no event: {error}")))?;
        let envelope = Arc::new(envelope);
        let mut attempts = 0;
        // bounded: by the retry policy's attempts_max
        loop {
            attempts += 1;
            let consuming = self.consumer.consume(Arc::clone(&envelope));
            let consumed = AssertUnwindSafe(consuming).catch_unwind().await;
            let panicked = |_| Err(Failure::Fail("the consumer panicked".to_owned()));
            let Err(failure) = consumed.unwrap_or_else(panicked) else {
                return Ok(());
            };
            match self.policy.decide(attempts, &failure) {
                Next::RetryAfter(pause) => back_off(pause).await,
                Next::GiveBack | Next::Park => return Err(failure),
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the pause between two tries is the point")]
async fn back_off(pause: Duration) {
    tokio::time::sleep(pause).await;
}
