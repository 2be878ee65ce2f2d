//! The logic of questions that may still be open: Kleene's three values, where "unknown" says
//! what it is that keeps it from being known.

use std::collections::BTreeSet;

use crate::check::CheckError;
use crate::tuple::Key;

/// What is known of a part of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Yes,
    No,
    /// Open until these keys are known.
    Needs(BTreeSet<Key>),
    /// Open for good.
    Failed(CheckError),
}

impl Verdict {
    pub(super) fn needs(key: Key) -> Self {
        Self::Needs(BTreeSet::from([key]))
    }

    /// Yes as soon as one verdict is; none after that is looked at.
    pub(super) fn any(verdicts: impl IntoIterator<Item = Self>) -> Self {
        let mut sum = Self::No;
        for verdict in verdicts {
            if verdict == Self::Yes {
                return Self::Yes;
            }
            sum = sum.or_open(verdict);
        }
        sum
    }

    /// No as soon as one verdict is: all hold unless one doesn't.
    pub(super) fn all(verdicts: impl IntoIterator<Item = Self>) -> Self {
        Self::any(verdicts.into_iter().map(Self::not)).not()
    }

    /// The opposite; what is open stays open.
    pub(super) fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            open => open,
        }
    }

    /// Joins two verdicts that aren't yes. Missing facts come before failures, since they may
    /// turn the whole to yes; the first failure stands for all.
    fn or_open(self, other: Self) -> Self {
        match (self, other) {
            (Self::Needs(mut keys), Self::Needs(more)) => {
                keys.extend(more);
                Self::Needs(keys)
            }
            (Self::Needs(keys), _) | (_, Self::Needs(keys)) => Self::Needs(keys),
            (Self::Failed(error), _) | (_, Self::Failed(error)) => Self::Failed(error),
            _ => Self::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(name: &str) -> Verdict {
        Verdict::needs(format!("Ticket:{name}#owners").parse().unwrap())
    }

    fn both() -> Verdict {
        let keys = ["Ticket:a#owners", "Ticket:b#owners"];
        Verdict::Needs(keys.into_iter().map(|key| key.parse().unwrap()).collect())
    }

    fn failed(depth_max: usize) -> Verdict {
        let key = "Ticket:a#owners".parse().unwrap();
        Verdict::Failed(CheckError::TooDeep { key, depth_max })
    }

    #[test]
    fn a_decided_operand_decides_whatever_is_open() {
        assert_eq!(Verdict::any([failed(1), open("a"), Verdict::Yes]), Verdict::Yes);
        assert_eq!(Verdict::all([failed(1), open("a"), Verdict::No]), Verdict::No);
    }

    #[test]
    fn missing_facts_are_joined_and_come_before_failures() {
        assert_eq!(Verdict::any([open("b"), failed(1), open("a"), Verdict::No]), both());
        assert_eq!(Verdict::all([failed(1), open("a"), open("b"), Verdict::Yes]), both());
    }

    #[test]
    fn the_first_failure_stands_for_all() {
        assert_eq!(Verdict::any([Verdict::No, failed(1), failed(2)]), failed(1));
        assert_eq!(Verdict::all([failed(1), Verdict::Yes, failed(2)]), failed(1));
    }

    #[test]
    fn nothing_is_no_to_any_and_yes_to_all() {
        assert_eq!(Verdict::any([]), Verdict::No);
        assert_eq!(Verdict::all([]), Verdict::Yes);
    }

    #[test]
    fn the_opposite_of_an_open_verdict_is_open() {
        assert_eq!(open("a").not(), open("a"));
        assert_eq!(failed(1).not(), failed(1));
    }

    #[test]
    fn nothing_is_looked_at_after_the_decision() {
        let mut looked = 0;
        let verdicts = [Verdict::No, Verdict::Yes, Verdict::No].into_iter();
        let verdict = Verdict::any(verdicts.inspect(|_| looked += 1));
        assert_eq!((verdict, looked), (Verdict::Yes, 2));
    }
}
