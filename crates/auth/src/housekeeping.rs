//! The background task that deletes what has expired.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::commands::prune::prune;
use crate::context::Auth;

/// How often expired rows are deleted. What has expired counts for nothing before that, too.
const EVERY: Duration = Duration::from_secs(300);

/// Deletes expired sessions and flows, now and every few minutes, until `stop`.
pub async fn housekeeping(auth: Auth, stop: CancellationToken) {
    let mut tick = tokio::time::interval(EVERY);
    // bounded: by `stop`
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            _ = tick.tick() => {}
        }
        if let Err(error) = prune(&auth, auth.now()).await {
            tracing::warn!(%error, "Could not delete expired sessions and flows");
        }
    }
}
