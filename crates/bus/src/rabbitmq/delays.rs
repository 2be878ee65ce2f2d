//! What follows a failed delivery: a pure decision.

use std::time::Duration;

use crate::Failure;

/// Deliveries that ended with their consumer rather than with an answer, after which a message is
/// published anew: newer brokers drop one that a quorum queue got back twenty times.
const GIVEN_BACK_MAX: u32 = 10;

/// What to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// It goes to the retry queue of this level, and is handled after this pause.
    Delay {
        level: usize,
        pause: Duration,
    },
    Park,
}

/// How long a subscription is patient.
#[derive(Debug, Clone)]
pub(super) struct Delays {
    pub(super) attempts_max: u32,
    pub(super) pauses: Vec<Duration>,
}

impl Delays {
    /// After `attempts` deliveries, the last of which ended in `failure`.
    pub(super) fn after(&self, attempts: u32, failure: &Failure) -> Next {
        match failure {
            Failure::Fail(_) => Next::Park,
            Failure::Retry(_) if attempts >= self.attempts_max => Next::Park,
            Failure::Retry(_) | Failure::Away(_) => self.delay(attempts),
        }
    }

    /// How many deliveries count after one more, which ended in `failure`. Waiting for what is away
    /// takes no more than half of all tries, so that pauses grow, and enough tries are left.
    pub(super) fn counted(&self, before: u32, failure: &Failure) -> u32 {
        let attempts = before.saturating_add(1);
        match failure {
            Failure::Away(_) => attempts.min(before.max(self.attempts_max / 2)),
            Failure::Retry(_) | Failure::Fail(_) => attempts,
        }
    }

    /// Before a delivery, after `attempts` others, `given_back` of which ended with their consumer:
    /// what brings a process down each time isn't tried for ever.
    pub(super) fn before(&self, attempts: u32, given_back: u32) -> Option<Next> {
        match given_back {
            0 => None,
            _ if attempts >= self.attempts_max => Some(Next::Park),
            GIVEN_BACK_MAX.. => Some(self.delay(attempts)),
            _ => None,
        }
    }

    /// After `attempts` failures, the pause of that number; after more, the last one.
    pub(super) fn delay(&self, attempts: u32) -> Next {
        let last = self.pauses.len().saturating_sub(1);
        let level = usize::try_from(attempts.saturating_sub(1)).unwrap_or(last).min(last);
        Next::Delay { level, pause: self.pauses.get(level).copied().unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays() -> Delays {
        let pauses = [100, 1_000, 30_000].map(Duration::from_millis).to_vec();
        Delays { attempts_max: 20, pauses }
    }

    fn delay(level: usize, millis: u64) -> Next {
        Next::Delay { level, pause: Duration::from_millis(millis) }
    }

    #[test]
    fn pauses_grow_and_then_stay() {
        let busy = Failure::Retry("busy".into());
        let after = |attempts| delays().after(attempts, &busy);
        assert_eq!((after(1), after(2)), (delay(0, 100), delay(1, 1_000)));
        assert_eq!((after(3), after(19)), (delay(2, 30_000), delay(2, 30_000)));
        assert_eq!(after(20), Next::Park);
    }

    #[test]
    fn what_never_works_is_parked_at_once() {
        assert_eq!(delays().after(1, &Failure::Fail("unreadable".into())), Next::Park);
    }

    #[test]
    fn what_is_away_is_waited_for_without_end() {
        let away = Failure::Away("no Redis".into());
        let mut attempts = 0;
        for _ in 0..1_000 {
            attempts = delays().counted(attempts, &away);
            assert_ne!(delays().after(attempts, &away), Next::Park);
        }
        assert_eq!((attempts, delays().after(attempts, &away)), (10, delay(2, 30_000)));
        let busy = Failure::Retry("busy".into());
        assert_eq!(delays().counted(10, &busy), 11);
        assert_eq!(delays().counted(15, &away), 15, "what was counted stays");
    }

    #[test]
    fn what_brings_its_consumer_down_is_not_tried_for_ever() {
        let before = |attempts, given_back| delays().before(attempts, given_back);
        assert_eq!((before(0, 0), before(19, 0), before(20, 0)), (None, None, None));
        assert_eq!((before(1, 1), before(9, 9)), (None, None));
        assert_eq!(before(10, 10), Some(delay(2, 30_000)), "published anew, with its count");
        assert_eq!(before(20, 10), Some(Next::Park));
    }
}
