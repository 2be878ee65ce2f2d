//! What orders tells expiration.

mod on_order_cancelled;
mod on_order_created;

use std::sync::Arc;

use async_trait::async_trait;
use bus::{Failure, Subscription};
use events::{Envelope, Order, OrderCancelled, OrderCreated, PublicEvent};
use kernel::EventId;
use outbox::{Committed, Dispatch, Subscriber};
use telemetry::metrics::catalog::TIMERS;

use crate::domain::Timer;
use crate::{Expiration, TimersError};

/// The events that expiration wants.
pub const HEARS: &[&str] = &[OrderCreated::TYPE, OrderCancelled::TYPE];

/// The events expiration wants, and what handles them.
#[must_use]
pub fn subscription(expiration: &Expiration) -> Subscription {
    let (journal, clock) = (expiration.journal.clone(), Arc::clone(&expiration.clock));
    Subscription {
        service: "expiration",
        kinds: HEARS,
        consumer: Arc::new(Subscriber::new(journal, clock, expiration.clone())),
    }
}

#[async_trait]
impl Dispatch for Expiration {
    async fn dispatch(&self, envelope: &Envelope) -> Result<(), Failure> {
        let id = envelope.id;
        let kept = match envelope.kind.as_str() {
            OrderCreated::TYPE => self.on_order_created(envelope.open()?, id).await,
            OrderCancelled::TYPE => self.on_order_cancelled(envelope.open()?, id).await,
            other => return Err(Failure::Fail(format!("expiration doesn't handle {other}"))),
        };
        kept.map(drop).map_err(|error| Failure::from(&error))
    }
}

impl Expiration {
    async fn keep_timer(&self, order: &Order, delivery: EventId) -> Result<Committed, TimersError> {
        let timer = Timer::for_order(order);
        let kept = self.timers.keep(timer, delivery, self.clock.now()).await?;
        if kept == Committed::Now {
            TIMERS.count(&[timer.status.as_str()]);
        }
        Ok(kept)
    }
}
