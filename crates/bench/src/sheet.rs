//! The figures of one case, filled in round by round.

use std::time::Duration;

use bench::results::{Aim, Case, Figure, Unit};

use crate::load::Measured;

/// Figures in the order in which they were first filled in.
#[derive(Default)]
pub(crate) struct Sheet {
    figures: Vec<Figure>,
}

impl Sheet {
    /// What `name` was in this round.
    pub(crate) fn add(&mut self, name: &str, unit: Unit, value: f64) {
        match self.figures.iter_mut().find(|figure| figure.name == name) {
            Some(figure) => figure.rounds.push(value),
            None => {
                let (name, rounds) = (name.to_owned(), vec![value]);
                self.figures.push(Figure { name, unit, rounds, aim: None });
            }
        }
    }

    /// How many of `what` there were in a second, and how long they took.
    pub(crate) fn load(&mut self, what: &str, measured: &Measured) {
        self.add(what, Unit::PerSecond, measured.per_second());
        self.times(measured);
    }

    /// How long each took.
    pub(crate) fn times(&mut self, measured: &Measured) {
        for (name, share) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
            self.add(name, Unit::Milliseconds, measured.quantile(share));
        }
    }

    /// As [`Self::load`], with yardstick H of the same round.
    pub(crate) fn beside_h(&mut self, what: &str, measured: &Measured, h: &Measured) {
        self.load(what, measured);
        self.add("H", Unit::PerSecond, h.per_second());
        self.add("of H", Unit::Ratio, ratio(measured.per_second(), h.per_second()));
    }

    /// How long the last events took to arrive after the last answer.
    pub(crate) fn drain(&mut self, time: Duration) {
        self.add("drain", Unit::Milliseconds, time.as_secs_f64() * 1e3);
    }

    /// What `name` has to reach.
    pub(crate) fn aim(&mut self, name: &str, aim: Aim) {
        let named = self.figures.iter_mut().filter(|figure| figure.name == name);
        named.for_each(|figure| figure.aim = Some(aim));
    }

    /// The case that ran under `load`.
    pub(crate) fn case(self, load: impl Into<String>) -> Case {
        Case { load: load.into(), size: None, figures: self.figures }
    }

    /// The case's place on a curve, too.
    pub(crate) fn case_of_size(self, load: impl Into<String>, size: u64) -> Case {
        Case { size: Some(size), ..self.case(load) }
    }
}

/// How many times `of` goes into `part`; zero when there is nothing to compare with.
pub(crate) fn ratio(part: f64, of: f64) -> f64 {
    if of > 0.0 { part / of } else { 0.0 }
}

/// The median; zero of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    match (values.len() / 2, values.len() % 2) {
        (_, _) if values.is_empty() => 0.0,
        (half, 0) => f64::midpoint(values[half - 1], values[half]),
        (half, _) => values[half],
    }
}

/// `1000000` as `1,000,000`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let comma = |at: usize| at > 0 && (digits.len() - at).is_multiple_of(3);
    let with_comma = |(at, digit)| comma(at).then_some(',').into_iter().chain([digit]);
    digits.chars().enumerate().flat_map(with_comma).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_has_a_value_for_each_round() {
        let mut sheet = Sheet::default();
        for value in [3.0, 1.0] {
            sheet.add("orders", Unit::PerSecond, value);
            sheet.add("p99", Unit::Milliseconds, value * 2.0);
        }
        sheet.aim("p99", Aim::AtMost(5.0));
        let case = sheet.case_of_size("1 client", 7);
        assert_eq!((case.load.as_str(), case.size), ("1 client", Some(7)));
        assert_eq!(case.figures.len(), 2);
        assert_eq!(case.figures[0].rounds, [3.0, 1.0]);
        assert_eq!((case.figures[0].aim, case.figures[1].aim), (None, Some(Aim::AtMost(5.0))));
    }

    #[test]
    fn the_middle_is_between_two() {
        assert_eq!(median(vec![]), 0.0);
        assert_eq!(median(vec![5.0, 1.0, 3.0]), 3.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 9.0]), 3.0);
    }

    #[test]
    fn a_ratio_is_always_a_number() {
        assert_eq!(ratio(3.0, 4.0), 0.75);
        assert_eq!(ratio(3.0, 0.0), 0.0);
    }

    #[test]
    fn thousands_are_grouped() {
        let all = [0, 999, 1000, 123_456, 10_000_000].map(grouped);
        assert_eq!(all, ["0", "999", "1,000", "123,456", "10,000,000"]);
    }
}
