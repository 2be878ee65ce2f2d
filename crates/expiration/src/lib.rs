//! Expiration: tells orders when the time to pay for one is over.
//!
//! A timer is armed by `order:created`, dropped by `order:cancelled`, and fired by [`fire()`] in
//! its time. What keeps it stands behind a port ([`timers`]): a row of this context's own (`rows`),
//! fired together with the event that says so, or something that many workers share. What was
//! overdue after a crash fires at once.

pub mod consumers;
pub mod domain;
pub mod fire;
pub mod forget;
pub mod timers;

mod rows;
mod store;

use std::sync::Arc;

use kernel::Clock;
use outbox::Journal;

pub use consumers::{HEARS, subscription};
pub use fire::fire;
pub use forget::forget;
pub use store::MIGRATIONS;
pub use timers::{Due, OpenReservation, OpenReservations, Pace, Timers, TimersError};

/// What the context needs from the outside.
#[derive(Clone)]
pub struct Expiration {
    /// Its database.
    pub journal: Journal,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What keeps its timers.
    pub timers: Arc<dyn Timers>,
}

impl Expiration {
    /// The context with its timers as rows of its own database.
    #[must_use]
    pub fn with_rows(journal: Journal, clock: Arc<dyn Clock>) -> Self {
        let timers = Arc::new(rows::Rows(journal.clone()));
        Self { journal, clock, timers }
    }
}
