//! What would be said again and again: while a disk is full, every write fails for the same
//! reason, and a line for each would fill the log, which may well be on that disk.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lets the first of many equal messages through, and then one in a while.
#[derive(Debug)]
pub struct Repeated {
    every: Duration,
    said: Mutex<Said>,
}

#[derive(Debug, Default)]
struct Said {
    last: Option<Instant>,
    kept_back: u64,
}

impl Repeated {
    /// At most one message in `every`.
    #[must_use]
    pub const fn every(every: Duration) -> Self {
        Self { every, said: Mutex::new(Said { last: None, kept_back: 0 }) }
    }

    /// Whether to say it now; then how often it was kept back since it was last said.
    pub fn say(&self) -> Option<u64> {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.last.is_some_and(|last| last.elapsed() < self.every) {
            said.kept_back += 1;
            return None;
        }
        said.last = Some(Instant::now());
        Some(std::mem::take(&mut said.kept_back))
    }

    /// It is over. If it was ever said, that is worth a message too: how often it was kept back.
    pub fn over(&self) -> Option<u64> {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let Said { last, kept_back } = std::mem::take(&mut *said);
        last.map(|_| kept_back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_once_until_it_is_over() {
        let full = Repeated::every(Duration::from_secs(3600));
        assert_eq!(full.over(), None);
        assert_eq!((full.say(), full.say(), full.say()), (Some(0), None, None));
        assert_eq!((full.over(), full.over()), (Some(2), None));
        assert_eq!(full.say(), Some(0), "the next time is a new one");
    }

    #[test]
    fn and_again_after_a_while() {
        let often = Repeated::every(Duration::ZERO);
        assert_eq!((often.say(), often.say()), (Some(0), Some(0)));
    }
}
