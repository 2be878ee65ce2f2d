//! What happens after a failed delivery: a pure decision.

use std::time::Duration;

use crate::Failure;

/// How often and how fast a delivery is tried again.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// Deliveries in a row before the event goes back to its sender's outbox.
    pub attempts_max: u32,
    /// The pause after the first failure; each further one doubles it.
    pub pause_first: Duration,
    /// The longest pause.
    pub pause_max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts_max: 10,
            pause_first: Duration::from_millis(10),
            pause_max: Duration::from_secs(5),
        }
    }
}

/// What to do with an event whose delivery failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Deliver it again after this pause.
    RetryAfter(Duration),
    /// Leave it to its sender, who keeps it and delivers it again later.
    GiveBack,
    /// Park it as a dead letter: it will never work.
    Park,
}

impl RetryPolicy {
    /// Decides after `attempts` deliveries, the last of which ended in `failure`.
    #[must_use]
    pub fn decide(&self, attempts: u32, failure: &Failure) -> Next {
        match failure {
            Failure::Retry(_) | Failure::Away(_) if attempts < self.attempts_max => {
                let doublings = attempts.saturating_sub(1).min(16);
                let pause = self.pause_first.saturating_mul(1 << doublings);
                Next::RetryAfter(pause.min(self.pause_max))
            }
            Failure::Retry(_) | Failure::Away(_) => Next::GiveBack,
            Failure::Fail(_) => Next::Park,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_then_it_goes_back() {
        let policy = RetryPolicy {
            attempts_max: 5,
            pause_first: Duration::from_millis(100),
            pause_max: Duration::from_millis(300),
        };
        let retry = Failure::Retry("busy".into());
        let decisions: Vec<_> = (1..=5).map(|attempts| policy.decide(attempts, &retry)).collect();
        let after = |ms| Next::RetryAfter(Duration::from_millis(ms));
        assert_eq!(decisions, [after(100), after(200), after(300), after(300), Next::GiveBack]);
    }

    #[test]
    fn what_will_never_work_is_parked_at_once() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.decide(1, &Failure::Fail("unreadable".into())), Next::Park);
    }
}
