//! How long who fails again and again has to wait.

use std::time::Duration;

use kernel::Timestamp;

/// Attempts that fail, and what follows from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    /// So many failures cost no wait.
    pub(crate) free: u32,
    /// The wait after the last of them; each further one doubles it.
    pub(crate) first: Duration,
    /// No wait is longer.
    pub(crate) longest: Duration,
    /// After such a time without a failure all are forgotten; longer than `longest`.
    pub(crate) forgotten_after: Duration,
}

/// Of one account: who forgets a password knows after five tries that it is forgotten, and 15
/// minutes leave a guesser 96 guesses a day.
pub(crate) const OF_ACCOUNT: Patience = Patience { free: 5, ..OF_ADDRESS };

/// Of one address: many people may share one.
pub(crate) const OF_ADDRESS: Patience = Patience {
    free: 20,
    first: Duration::from_secs(1),
    longest: Duration::from_secs(15 * 60),
    forgotten_after: Duration::from_secs(3600),
};

/// The failures of one account or address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) failures: u32,
    pub(crate) last: Timestamp,
}

impl Tally {
    /// One failure more, at `now`, than `earlier`.
    pub(crate) fn after(earlier: Option<Self>, patience: &Patience, now: Timestamp) -> Self {
        let earlier = earlier.filter(|tally| !tally.is_forgotten(patience, now));
        let failures = earlier.map_or(0, |tally| tally.failures).saturating_add(1);
        Self { failures, last: now }
    }

    /// How long the next attempt has to wait at `now`; zero when it may come.
    pub(crate) fn wait(&self, patience: &Patience, now: Timestamp) -> Duration {
        let Some(beyond) = self.failures.checked_sub(patience.free) else {
            return Duration::ZERO;
        };
        let doubled = 2_u32.checked_pow(beyond).and_then(|times| patience.first.checked_mul(times));
        let wait = doubled.map_or(patience.longest, |wait| wait.min(patience.longest));
        self.last.plus(wait).until(now)
    }

    pub(crate) fn is_forgotten(&self, patience: &Patience, now: Timestamp) -> bool {
        self.last.plus(patience.forgotten_after) <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(0).plus(Duration::from_secs(seconds))
    }

    /// What there is to wait right after `failures` at once.
    fn wait_after(failures: u32) -> u64 {
        Tally { failures, last: at(0) }.wait(&OF_ACCOUNT, at(0)).as_secs()
    }

    #[test]
    fn the_wait_doubles_up_to_a_quarter_of_an_hour() {
        let waits = [0, 4, 5, 6, 7, 8, 14, 15, 16, 40, u32::MAX].map(wait_after);
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 512, 900, 900, 900, 900]);
    }

    #[test]
    fn a_wait_ends_at_its_time() {
        let tally = Tally { failures: 7, last: at(10) };
        assert_eq!(tally.wait(&OF_ACCOUNT, at(11)), Duration::from_secs(3));
        assert_eq!(tally.wait(&OF_ACCOUNT, at(14)), Duration::ZERO);
    }

    #[test]
    fn what_is_long_ago_is_forgotten() {
        let first = Tally::after(None, &OF_ACCOUNT, at(0));
        let second = Tally::after(Some(first), &OF_ACCOUNT, at(3599));
        assert_eq!(second.failures, 2);
        assert_eq!(Tally::after(Some(second), &OF_ACCOUNT, at(3599 + 3600)).failures, 1);
    }
}
