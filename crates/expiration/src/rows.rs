//! Timers as rows of this context's own database: what there is without anything else.

use std::time::Duration;

use ::store::Statement;
use async_trait::async_trait;
use kernel::{EventId, Timestamp};
use outbox::{Committed, Journal};
use tokio::sync::watch;

use crate::domain::Timer;
use crate::store;
use crate::timers::{Due, Pace, Timers, TimersError};

/// A timer's row is guarded, so that one which was dropped meanwhile refuses its own commit alone.
const PACE: Pace = Pace { together: 1, look_again: Duration::from_secs(1) };

/// Timers in the database that their events are committed to.
pub(crate) struct Rows(pub(crate) Journal);

#[async_trait]
impl Timers for Rows {
    async fn keep(
        &self,
        timer: Timer,
        delivery: EventId,
        at: Timestamp,
    ) -> Result<Committed, TimersError> {
        Ok(store::keep(&self.0, timer, delivery, at).await?)
    }

    /// A look claims nothing: the row decides, when the event is committed.
    async fn claim_due(&self, now: Timestamp, limit: u32) -> Result<Vec<Due>, TimersError> {
        Ok(store::due(&self.0, now, limit).await?)
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, TimersError> {
        Ok(store::next(&self.0).await?)
    }

    fn ending(&self, timer: &Timer) -> Vec<Statement> {
        vec![store::fired(timer)]
    }

    async fn done(&self, _over: &[Timer], _at: Timestamp) -> Result<(), TimersError> {
        Ok(())
    }

    async fn give_back(&self, _claimed: &[Timer], _at: Timestamp) -> Result<(), TimersError> {
        Ok(())
    }

    async fn forget_ended(&self, before: Timestamp, at: Timestamp) -> Result<(), TimersError> {
        Ok(store::forget_ended(&self.0, before, at).await?)
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.0.commits()
    }

    fn pace(&self) -> Pace {
        PACE
    }
}
