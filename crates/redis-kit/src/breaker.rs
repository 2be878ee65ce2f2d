//! A breaker: after a failure nobody asks for a while, then one tries. So that Redis being away
//! costs one wait now and then, and not one for each request.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

/// Whether it makes sense to ask.
pub(crate) struct Breaker {
    pause: Duration,
    /// Nobody asks before this instant; none while all is well.
    closed_until: Mutex<Option<Instant>>,
}

impl Breaker {
    pub(crate) const fn new(pause: Duration) -> Self {
        Self { pause, closed_until: Mutex::new(None) }
    }

    /// Whether to ask now. Of all that come after a failure and its pause one may; the next after
    /// another pause, unless that one had an answer.
    pub(crate) fn lets_through(&self) -> bool {
        let mut closed_until = self.lock();
        match *closed_until {
            None => true,
            Some(until) => {
                let now = Instant::now();
                let tries = now >= until;
                if tries {
                    *closed_until = Some(now + self.pause);
                }
                tries
            }
        }
    }

    /// Says how it went; answers whether that is news.
    pub(crate) fn went(&self, well: bool) -> bool {
        let mut closed_until = self.lock();
        let was_well = closed_until.is_none();
        *closed_until = (!well).then(|| Instant::now() + self.pause);
        well != was_well
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.closed_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_one_tries_at_a_time() {
        let breaker = Breaker::new(Duration::from_secs(1));
        assert!(breaker.lets_through() && breaker.lets_through());
        assert!(breaker.went(false) && !breaker.went(false));
        assert!(!breaker.lets_through());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(breaker.lets_through());
        assert!(!breaker.lets_through(), "one is enough");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(breaker.lets_through(), "the other may never have come back");
        assert!(breaker.went(true) && !breaker.went(true));
        assert!(breaker.lets_through() && breaker.lets_through());
    }
}
