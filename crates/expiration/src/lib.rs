//! Expiration: tells orders when the time to pay for one is over.
//!
//! A timer is a row (`store`): armed by `order:created`, dropped by `order:cancelled`, fired by
//! [`fire()`] in its time together with the event that says so. There is nothing else to re-arm
//! after a crash; what was overdue meanwhile fires at once.

pub mod consumers;
pub mod domain;
pub mod fire;
pub mod forget;

mod store;

use std::sync::Arc;

use kernel::Clock;
use outbox::Journal;

pub use consumers::{HEARS, subscription};
pub use fire::fire;
pub use forget::forget;
pub use store::MIGRATIONS;

/// What the context needs from the outside.
#[derive(Clone)]
pub struct Expiration {
    /// Its database.
    pub journal: Journal,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}
