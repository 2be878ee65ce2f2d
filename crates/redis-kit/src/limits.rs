//! Rate limits that several processes share: the cells of `http_kit::rate_limit` in Redis, one
//! script for each request that is counted.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http_kit::rate_limit::{Key, Limit, SharedCells, Verdict};
use kernel::Clock;
use redis::Script;

use crate::breaker::Breaker;
use crate::connection::{Redis, RedisError};

/// How long a request waits for the shared cells. Then the process's own memory decides.
const PATIENCE: Duration = Duration::from_millis(50);

/// For how long nobody asks after that.
const PAUSE: Duration = Duration::from_secs(1);

/// Cells in Redis. A key is forgotten by Redis soon after all of its requests are left.
pub struct RedisCells {
    redis: Redis,
    clock: Arc<dyn Clock>,
    breaker: Breaker,
    charge: Script,
}

impl RedisCells {
    /// The cells in `redis`.
    #[must_use]
    pub fn new(redis: Redis, clock: Arc<dyn Clock>) -> Self {
        Self::with_patience(redis, clock, PATIENCE)
    }

    /// The cells in `redis`; a request waits for them for so long, and then does without.
    #[must_use]
    pub fn with_patience(redis: Redis, clock: Arc<dyn Clock>, patience: Duration) -> Self {
        let charge = Script::new(include_str!("../scripts/charge_cell.lua"));
        let redis = redis.part("limits").within(patience);
        Self { redis, clock, breaker: Breaker::new(PAUSE), charge }
    }

    async fn ask(&self, limit: Limit, key: Key) -> Result<Verdict, RedisError> {
        // what a request costs, and how much the burst leaves for one more, as `governor` counts
        let cost = (1_000_000_000 / u64::from(limit.rate.get())).max(1);
        let tolerance = cost * (u64::from(limit.burst.get()) - 1);
        let mut script = self.charge.key(self.redis.key(&format!("limit:{}:{key}", limit.name)));
        script.arg(self.clock.now().as_micros()).arg(cost).arg(tolerance);
        let (remaining, wait) = self.redis.run(&script).await?;
        let wait = Duration::from_nanos(wait);
        Ok(limit.verdict(remaining, (!wait.is_zero()).then_some(wait)))
    }
}

#[async_trait]
impl SharedCells for RedisCells {
    async fn charge(&self, limit: Limit, key: Key) -> Option<Verdict> {
        if !self.breaker.lets_through() {
            return None;
        }
        let asked = self.ask(limit, key).await;
        let is_news = self.breaker.went(asked.is_ok());
        match asked {
            Ok(verdict) => {
                if is_news {
                    tracing::info!("Rate limits are counted together with other processes again");
                }
                Some(verdict)
            }
            Err(error) => {
                if is_news {
                    tracing::warn!(%error, "Rate limits are counted by this process alone");
                }
                None
            }
        }
    }
}
