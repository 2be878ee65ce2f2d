//! When the requests of an open loop are due.

use std::sync::Arc;
use std::time::Duration;

use testkit::Dice;

/// Steps between nothing and one, for a random share.
const STEPS: usize = 1 << 30;

/// The moments of `count` arrivals, `per_second` of them in a second on average, as people come
/// who know nothing of each other: the time between two has an exponential distribution. The same
/// seed gives the same moments.
pub(crate) fn arrivals(per_second: f64, count: usize, seed: u64) -> Arc<[Duration]> {
    let mut dice = Dice::new(seed);
    let mut at = 0.0;
    let arrival = |_| {
        // never zero, whose logarithm is no number
        let share = (dice.below(STEPS) + 1) as f64 / STEPS as f64;
        at -= share.ln() / per_second;
        Duration::from_secs_f64(at)
    };
    (0..count).map(arrival).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_come_in_order_at_their_rate() {
        let moments = arrivals(1000.0, 20_000, 7);
        assert_eq!(moments.len(), 20_000);
        assert!(moments.is_sorted());
        let seconds = moments[19_999].as_secs_f64();
        assert!((19.0..21.0).contains(&seconds), "{seconds}");
    }

    #[test]
    fn they_are_not_evenly_spaced() {
        let moments = arrivals(1000.0, 20_000, 7);
        let gaps: Vec<_> = moments.windows(2).map(|pair| pair[1] - pair[0]).collect();
        // e to the power of -3 of all gaps are longer than three times the average
        let long = gaps.iter().filter(|gap| **gap > Duration::from_millis(3)).count();
        assert!((800..1200).contains(&long), "{long}");
    }

    #[test]
    fn a_seed_always_gives_the_same_arrivals() {
        assert_eq!(arrivals(50.0, 100, 1), arrivals(50.0, 100, 1));
        assert_ne!(arrivals(50.0, 100, 1), arrivals(50.0, 100, 2));
        assert!(arrivals(50.0, 0, 1).is_empty());
    }
}
