//! Who ends sessions.

use std::time::Duration;

use async_trait::async_trait;
use kernel::{EventId, IdentityId};
use ory::SessionEndings;
use tokio::time::Instant;

use super::SessionOptions;
use super::cells::{Cells, Moment};
use crate::connection::Redis;

/// How long a session's end waits for Redis before it is stored.
const PATIENCE: Duration = Duration::from_millis(200);

/// The pause between two tries to tell Redis of what is stored.
const TRY_AGAIN: Duration = Duration::from_millis(100);

/// Tells Redis of the ends of sessions.
pub struct RedisEndings {
    cells: Cells,
    options: SessionOptions,
}

impl RedisEndings {
    /// Tells `redis`, where [`super::CachedSessions`] with the same options look.
    #[must_use]
    pub fn new(redis: Redis, options: SessionOptions) -> Self {
        Self { cells: Cells::new(redis.within(PATIENCE)), options }
    }
}

#[async_trait]
impl SessionEndings for RedisEndings {
    /// Where Redis isn't reached, the session is ended nevertheless: [`Self::finish`] makes good
    /// for it.
    async fn begin(&self, of: IdentityId) -> String {
        let ending = EventId::generate().to_string();
        if let Err(error) = self.cells.end(of, Moment::Begin, &ending).await {
            tracing::debug!(%error, "Redis does not know yet that sessions are being ended");
        }
        ending
    }

    /// Returns when Redis was told, or when all that was kept before is too old to count.
    async fn finish(&self, of: IdentityId, ending: String) {
        let SessionOptions { known_for, clocks_differ_max, .. } = self.options;
        let deadline = Instant::now() + known_for + clocks_differ_max;
        // bounded: by the deadline
        loop {
            let Err(error) = self.cells.end(of, Moment::Finish, &ending).await else {
                return;
            };
            let now = Instant::now();
            if now >= deadline {
                tracing::warn!(%error, "A session's end was not told to Redis, but waited for");
                return;
            }
            tokio::time::sleep_until(deadline.min(now + TRY_AGAIN)).await;
        }
    }
}
