//! The port to the timers: what keeps them until they fire.
//!
//! A timer is armed and dropped by events that come in any order and more than once, claimed by
//! whoever fires it, and over when that is committed. One adapter keeps them as rows beside the
//! outbox (`rows`), so that a timer and its event are one commit. Others keep them elsewhere:
//! then a timer is claimed for a while, its event is committed, and only then it is told to be
//! over. Whoever dies in between leaves a claim that lapses, and the timer fires once more, which
//! orders has seen then.

use std::time::Duration;

use ::store::{Statement, StoreError};
use async_trait::async_trait;
use bus::Failure;
use kernel::{EventId, OrderId, Timestamp};
use outbox::{Committed, failure_of};
use tokio::sync::watch;

use crate::domain::Timer;

/// A timer whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The timer.
    pub timer: Timer,
    /// The trace of the request that placed its order.
    pub trace: Option<String>,
}

/// How timers want to be fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How many are committed as one. Where a timer's end is guarded by its row, only one.
    pub together: usize,
    /// The longest time without looking: a clock that was set, another process's timers.
    pub look_again: Duration,
}

/// Keeps timers.
#[async_trait]
pub trait Timers: Send + Sync {
    /// Arms a timer unless its order was heard of before; drops one that hasn't fired, also one
    /// that was not armed yet. The trace is the current one. Durable when it returns; `delivery`
    /// is the event that asks for it, and `Earlier` means that it changed nothing.
    async fn keep(
        &self,
        timer: Timer,
        delivery: EventId,
        at: Timestamp,
    ) -> Result<Committed, TimersError>;

    /// Takes up to `limit` timers that run and whose time has come at `now`, the longest overdue
    /// first. Nobody else is given them until they are given back, or the claim has lapsed.
    async fn claim_due(&self, now: Timestamp, limit: u32) -> Result<Vec<Due>, TimersError>;

    /// When to look again: when the next timer fires, or the next claim lapses.
    async fn next_due(&self) -> Result<Option<Timestamp>, TimersError>;

    /// What ends a timer within the commit of its event; nothing where timers aren't rows.
    fn ending(&self, timer: &Timer) -> Vec<Statement>;

    /// Ends timers whose events are committed.
    async fn done(&self, over: &[Timer], at: Timestamp) -> Result<(), TimersError>;

    /// Gives claimed timers back that could not fire.
    async fn give_back(&self, claimed: &[Timer], at: Timestamp) -> Result<(), TimersError>;

    /// Forgets up to a thousand ended timers whose time was before `before`.
    async fn forget_ended(&self, before: Timestamp, at: Timestamp) -> Result<(), TimersError>;

    /// Changes when timers have changed here: a hint to look, never the truth.
    fn changes(&self) -> watch::Receiver<u64>;

    /// How they want to be fired.
    fn pace(&self) -> Pace;
}

/// The timers can't be reached, or not be changed.
#[derive(Debug, thiserror::Error)]
pub enum TimersError {
    /// What the database says.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What keeps them is away; it may be there later.
    #[error("{operation}: {reason}")]
    Unavailable {
        /// What was asked for, such as `arm a timer`.
        operation: &'static str,
        /// Why it can't be done now.
        reason: String,
    },
}

impl From<&TimersError> for Failure {
    fn from(error: &TimersError) -> Self {
        match error {
            TimersError::Store(error) => failure_of(error),
            TimersError::Unavailable { .. } => Self::Away(error.to_string()),
        }
    }
}

/// A reservation that is neither paid nor over, as orders tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReservation {
    /// The order.
    pub order_id: OrderId,
    /// When the time to pay is over.
    pub expires_at: Timestamp,
    /// The trace of the request that placed it, if it is still known.
    pub trace: Option<String>,
}

/// The reservations that have to have a timer: from these, lost timers are armed again.
#[async_trait]
pub trait OpenReservations: Send + Sync {
    /// Up to `limit` of them in the order of their ids, from the first after `after` on. An empty
    /// page is the last.
    async fn page(
        &self,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OpenReservation>, TimersError>;
}
