//! The second line of expiry: orders looks for its own overdue reservations, so that a lost timer
//! delays one but never keeps it.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use kernel::OrderId;
use telemetry::Repeated;
use tokio_util::sync::CancellationToken;

use crate::{Error, Orders, store};

/// How often it looks.
const EVERY: Duration = Duration::from_millis(500);

/// How long expiration gets to do it first.
const GRACE: Duration = Duration::from_secs(1);

/// Orders taken in one look.
const BATCH: u32 = 512;

/// Orders expired at once.
const CONCURRENT: usize = 64;

static TROUBLE: Repeated = Repeated::every(Duration::from_secs(60));

/// Cancels overdue reservations until `stop`.
pub async fn sweep(orders: Orders, stop: CancellationToken) {
    let mut tick = tokio::time::interval(EVERY);
    // bounded: by `stop`
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        if let Err(error) = sweep_once(&orders).await
            && let Some(kept_back) = TROUBLE.say()
        {
            tracing::warn!(%error, kept_back, "Could not look for overdue orders");
        }
    }
}

async fn sweep_once(orders: &Orders) -> Result<(), Error> {
    let deadline = orders.clock.now().minus(GRACE);
    let overdue = store::overdue(&orders.journal, deadline, BATCH).await?;
    let expire = |id: OrderId| async move {
        if let Err(error) = orders.expire_order(id, None).await
            && let Some(kept_back) = TROUBLE.say()
        {
            tracing::warn!(order.id = %id, %error, kept_back, "Could not expire an overdue order");
        }
    };
    stream::iter(overdue).for_each_concurrent(CONCURRENT, expire).await;
    Ok(())
}
