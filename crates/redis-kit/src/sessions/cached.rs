//! Who asks: from Redis, and where it knows nothing, from auth.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::{Clock, Timestamp};
use ory::{PortError, Sessions, SignedIn};

use super::SessionOptions;
use super::cells::{Cells, Found, Known, Name, Search};
use crate::breaker::Breaker;
use crate::connection::{Redis, RedisError};

/// For how long nobody asks Redis after it did not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest token that is looked up; ours are shorter.
const TOKEN_MAX: usize = 512;

/// Sessions that are known in Redis, before `inner` is asked for them.
pub struct CachedSessions {
    inner: Arc<dyn Sessions>,
    cells: Cells,
    clock: Arc<dyn Clock>,
    options: SessionOptions,
    breaker: Breaker,
}

impl CachedSessions {
    /// What `inner` tells is kept in `redis`. Whoever ends sessions has to tell
    /// [`super::RedisEndings`] with the same options.
    #[must_use]
    pub fn new(
        inner: Arc<dyn Sessions>,
        redis: Redis,
        clock: Arc<dyn Clock>,
        options: SessionOptions,
    ) -> Self {
        let (cells, breaker) = (Cells::new(redis.within(options.patience)), Breaker::new(PAUSE));
        Self { inner, cells, clock, options, breaker }
    }

    /// What Redis knows; none when it can't be asked now.
    async fn look_up(&self, token: &str) -> Option<Found> {
        if token.len() > TOKEN_MAX || !self.breaker.lets_through() {
            return None;
        }
        self.heard(self.cells.look_up(Name::of(token)).await)
    }

    async fn learn(&self, search: Search, who: &SignedIn, began: Timestamp) {
        let known = Known::new(who, began.plus(self.options.known_for));
        let now = self.clock.now();
        let _kept = self.heard(self.cells.learn(search, &known, now).await);
    }

    fn heard<T>(&self, answer: Result<T, RedisError>) -> Option<T> {
        let is_news = self.breaker.went(answer.is_ok());
        match &answer {
            Ok(_) if is_news => tracing::info!("Sessions are known in Redis again"),
            Err(error) if is_news => {
                tracing::warn!(%error, "Sessions are asked of auth alone");
            }
            _ => {}
        }
        answer.ok()
    }
}

#[async_trait]
impl Sessions for CachedSessions {
    async fn whoami(&self, token: &str) -> Result<Option<SignedIn>, PortError> {
        // before the look: what was true then is true for so long
        let began = self.clock.now();
        let Some(Found { known, search }) = self.look_up(token).await else {
            return self.inner.whoami(token).await;
        };
        if let Some(who) = known.and_then(|known| known.at(self.clock.now())) {
            return Ok(Some(who));
        }
        let found = self.inner.whoami(token).await?;
        if let Some(who) = &found {
            self.learn(search, who, began).await;
        }
        Ok(found)
    }
}
