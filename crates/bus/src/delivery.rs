//! One delivery to one subscriber: what every adapter of the bus does alike.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use events::Envelope;
use futures_util::FutureExt;

use crate::{Failure, Subscription};

/// One delivery. A consumer that panics on an event would do so for ever: that is a failure too.
pub(crate) async fn consume(
    subscription: &Subscription,
    envelope: &Arc<Envelope>,
) -> Result<(), Failure> {
    let consuming = subscription.consumer.consume(Arc::clone(envelope));
    let consumed = AssertUnwindSafe(consuming).catch_unwind().await;
    consumed.unwrap_or_else(|_panic| Err(Failure::Fail("the consumer panicked".to_owned())))
}

/// Leaves the event to a person, who hears of it.
pub(crate) async fn park(
    subscription: &Subscription,
    envelope: &Arc<Envelope>,
    failure: &Failure,
    attempts: u32,
) -> Result<(), Failure> {
    subscription.consumer.park(Arc::clone(envelope), failure).await?;
    tracing::error!(
        event.id = %envelope.id, event.kind = %envelope.kind, service = subscription.service,
        attempts, reason = %failure, "Parked an event as a dead letter"
    );
    Ok(())
}
