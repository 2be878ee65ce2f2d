//! Whether others have handled what was told. Where the bus keeps events itself, a delivered event
//! is safe, and perhaps not handled yet: who relies on that has to ask those who heard it.

use std::time::Duration;

use async_trait::async_trait;
use kernel::EventId;
use store::{StoreError, params};
use tokio::time::{Instant, timeout_at};

use crate::journal::Journal;

/// Between two questions; doubled each time.
const PAUSE_FIRST: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(100);

const HANDLED: &str = "select event_id from inbox where event_id = ?1";

/// Asks those who hear a context's events.
#[async_trait]
pub trait Heard: Send + Sync {
    /// Whether everybody who is to know has handled `event`.
    ///
    /// # Errors
    /// When they can't be asked now.
    async fn heard(&self, event: EventId) -> Result<bool, CantAsk>;
}

/// Those who hear of events don't answer.
#[derive(Debug, thiserror::Error)]
#[error("can't ask whether an event was heard: {0}")]
pub struct CantAsk(pub String);

impl Journal {
    /// Whether `event` was handled here, and something came of it: what changes nothing leaves no
    /// trace.
    ///
    /// # Errors
    /// As [`store::Store::query`].
    pub async fn has_handled(&self, event: EventId) -> Result<bool, StoreError> {
        Ok(!self.query(HANDLED, params![event]).await?.is_empty())
    }
}

/// Asks until all `events` were heard, or `deadline`; then whether they were.
pub(crate) async fn wait_until_heard(
    heard: &dyn Heard,
    events: &[EventId],
    deadline: Instant,
) -> bool {
    let mut pause = PAUSE_FIRST;
    let mut left = events.iter().copied().peekable();
    // bounded: by `deadline`
    while let Some(event) = left.peek() {
        match timeout_at(deadline, heard.heard(*event)).await {
            Ok(Ok(true)) => {
                left.next();
                continue;
            }
            // whoever could not be asked may answer next time
            Ok(Ok(false) | Err(_)) if Instant::now() + pause < deadline => rest(pause).await,
            Ok(_) | Err(_) => return false,
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
    true
}

#[expect(clippy::disallowed_methods, reason = "the pause between two questions is the point")]
async fn rest(pause: Duration) {
    tokio::time::sleep(pause).await;
}
