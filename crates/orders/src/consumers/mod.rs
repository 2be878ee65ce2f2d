//! What other contexts tell orders.

mod on_expiration_complete;
mod on_payment_created;
mod on_payment_failed;
mod on_payment_refunded;
mod on_payment_started;
mod on_ticket_created;
mod on_ticket_updated;

use std::sync::Arc;

use async_trait::async_trait;
use bus::{Failure, Subscription};
use events::{
    Envelope, ExpirationComplete, PaymentCreated, PaymentFailed, PaymentRefunded, PaymentStarted,
    PublicEvent, TicketCreated, TicketUpdated,
};
use outbox::{Dispatch, Subscriber, failure_of};

use crate::{Error, Orders};

/// The events that orders wants.
pub const HEARS: &[&str] = &[
    TicketCreated::TYPE,
    TicketUpdated::TYPE,
    ExpirationComplete::TYPE,
    PaymentStarted::TYPE,
    PaymentCreated::TYPE,
    PaymentFailed::TYPE,
    PaymentRefunded::TYPE,
];

/// The events orders wants, and what handles them.
#[must_use]
pub fn subscription(orders: &Orders) -> Subscription {
    let (journal, clock) = (orders.journal.clone(), Arc::clone(&orders.clock));
    Subscription {
        service: "orders",
        kinds: HEARS,
        consumer: Arc::new(Subscriber::new(journal, clock, orders.clone())),
    }
}

#[async_trait]
impl Dispatch for Orders {
    async fn dispatch(&self, envelope: &Envelope) -> Result<(), Failure> {
        let id = envelope.id;
        match envelope.kind.as_str() {
            TicketCreated::TYPE => self.on_ticket_created(envelope.open()?, id).await?,
            TicketUpdated::TYPE => self.on_ticket_updated(envelope.open()?, id).await?,
            ExpirationComplete::TYPE => self.on_expiration_complete(envelope.open()?, id).await?,
            PaymentStarted::TYPE => self.on_payment_started(envelope.open()?, id).await?,
            PaymentCreated::TYPE => self.on_payment_created(envelope.open()?, id).await?,
            PaymentFailed::TYPE => self.on_payment_failed(envelope.open()?, id).await?,
            PaymentRefunded::TYPE => self.on_payment_refunded(envelope.open()?, id).await?,
            other => return Err(Failure::Fail(format!("orders doesn't handle {other}"))),
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
