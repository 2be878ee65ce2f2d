//! What other contexts tell payments.

mod on_order_cancelled;
mod on_order_completed;
mod on_order_created;

use std::sync::Arc;

use async_trait::async_trait;
use bus::{Failure, Subscription};
use events::{Envelope, OrderCancelled, OrderCompleted, OrderCreated, PublicEvent};
use outbox::{Dispatch, Subscriber, failure_of};

use crate::{Error, Payments};

/// The events that payments wants.
pub const HEARS: &[&str] = &[OrderCreated::TYPE, OrderCancelled::TYPE, OrderCompleted::TYPE];

/// The events payments wants, and what handles them.
#[must_use]
pub fn subscription(payments: &Payments) -> Subscription {
    let (journal, clock) = (payments.journal.clone(), Arc::clone(&payments.clock));
    Subscription {
        service: "payments",
        kinds: HEARS,
        consumer: Arc::new(Subscriber::new(journal, clock, payments.clone())),
    }
}

#[async_trait]
impl Dispatch for Payments {
    async fn dispatch(&self, envelope: &Envelope) -> Result<(), Failure> {
        let id = envelope.id;
        match envelope.kind.as_str() {
            OrderCreated::TYPE => self.on_order_created(envelope.open()?, id).await?,
            OrderCancelled::TYPE => self.on_order_cancelled(envelope.open()?, id).await?,
            OrderCompleted::TYPE => self.on_order_completed(envelope.open()?, id).await?,
            other => return Err(Failure::Fail(format!("payments doesn't handle {other}"))),
        }
        Ok(())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => failure_of(&error),
            Error::Port(error) => Self::Away(error.to_string()),
            Error::Gateway(error) => Self::Retry(error.to_string()),
            error => Self::Fail(error.to_string()),
        }
    }
}
