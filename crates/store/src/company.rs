//! Batches that can wait a moment travel together: the first goes at once, those that come soon
//! after it wait until a little later, and share a commit and its fsync.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The shortest time between two departures.
const EVERY: Duration = Duration::from_millis(5);

/// When the next departure is.
pub(crate) struct Company {
    next: Mutex<Instant>,
}

impl Company {
    pub(crate) fn new() -> Self {
        Self { next: Mutex::new(Instant::now()) }
    }

    /// Waits for the next departure.
    pub(crate) async fn wait(&self) {
        if let Some(departure) = self.departure(Instant::now()) {
            sleep_until(departure).await;
            let _leads = self.departure(Instant::now());
        }
    }

    /// When to leave, if not `now`; who leaves now has the next ones wait.
    fn departure(&self, now: Instant) -> Option<Instant> {
        let mut next = self.lock();
        if now < *next {
            return Some(*next);
        }
        *next = now + EVERY;
        None
    }

    fn lock(&self) -> MutexGuard<'_, Instant> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_comes_alone_leaves_at_once() {
        let company = Company::new();
        for _ in 0..3 {
            let came = Instant::now();
            company.wait().await;
            assert_eq!(came.elapsed(), Duration::ZERO);
            tokio::time::advance(EVERY).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_soon_after_others_leaves_with_others() {
        let company = Company::new();
        let started = Instant::now();
        let come = |after| {
            let company = &company;
            async move {
                sleep_until(started + Duration::from_millis(after)).await;
                company.wait().await;
                started.elapsed().as_millis()
            }
        };
        let left = tokio::join!(come(0), come(1), come(4), come(6), come(9), come(11), come(30));
        assert_eq!(left, (0, 5, 5, 10, 10, 15, 30));
    }
}
