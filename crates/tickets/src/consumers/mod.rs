//! What other contexts tell tickets.

mod on_order_cancelled;
mod on_order_completed;
mod on_order_created;

use std::sync::Arc;

use async_trait::async_trait;
use bus::{Failure, Subscription};
use events::{Envelope, OrderCancelled, OrderCompleted, OrderCreated, PublicEvent};
use outbox::{Dispatch, Subscriber, failure_of};

use crate::{Error, Tickets};

/// The events that tickets wants.
pub const HEARS: &[&str] = &[OrderCreated::TYPE, OrderCancelled::TYPE, OrderCompleted::TYPE];

/// The events tickets wants, and what handles them.
#[must_use]
pub fn subscription(tickets: &Tickets) -> Subscription {
    let (journal, clock) = (tickets.journal.clone(), Arc::clone(&tickets.clock));
    Subscription {
        service: "tickets",
        kinds: HEARS,
        consumer: Arc::new(Subscriber::new(journal, clock, tickets.clone())),
    }
}

#[async_trait]
impl Dispatch for Tickets {
    async fn dispatch(&self, envelope: &Envelope) -> Result<(), Failure> {
        let id = envelope.id;
        match envelope.kind.as_str() {
            OrderCreated::TYPE => self.on_order_created(envelope.open()?, id).await?,
            OrderCancelled::TYPE => self.on_order_cancelled(envelope.open()?, id).await?,
            OrderCompleted::TYPE => self.on_order_completed(envelope.open()?, id).await?,
            other => return Err(Failure::Fail(format!("tickets doesn't handle {other}"))),
        }
        Ok(())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => failure_of(&error),
            Error::Port(error) => Self::Away(error.to_string()),
            error => Self::Fail(error.to_string()),
        }
    }
}
