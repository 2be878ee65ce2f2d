//! Forgetting: timers that have fired or were dropped are kept for a day, in case their order's
//! events come once more, and then deleted a thousand at a time.

use std::time::Duration;

use telemetry::Repeated;
use tokio_util::sync::CancellationToken;

use crate::{Expiration, TimersError};

/// How long an ended timer is remembered after its time.
pub const MEMORY: Duration = Duration::from_secs(24 * 3600);

/// How often up to a thousand of them are deleted.
const EVERY: Duration = Duration::from_millis(200);

static TROUBLE: Repeated = Repeated::every(Duration::from_secs(60));

/// Forgets ended timers until `stop`.
pub async fn forget(expiration: Expiration, stop: CancellationToken) {
    let mut tick = tokio::time::interval(EVERY);
    // bounded: by `stop`
    loop {
        if let Err(error) = forget_some(&expiration).await
            && let Some(kept_back) = TROUBLE.say()
        {
            tracing::warn!(%error, kept_back, "Could not delete ended timers");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
    }
}

async fn forget_some(expiration: &Expiration) -> Result<(), TimersError> {
    let now = expiration.clock.now();
    expiration.timers.forget_ended(now.minus(MEMORY), now).await
}
