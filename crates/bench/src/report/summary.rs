//! What a figure's rounds come to, and whether that meets its aim.

use crate::results::{Aim, Case, Figure, Outcome, Run, Unit};

use super::number;

/// The rounds of one figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Summary {
    /// In the middle; between the two in the middle, if there are two.
    pub(super) median: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) rounds: usize,
}

impl Summary {
    /// Nothing, if nothing was measured, or something that is no number.
    pub(super) fn of(rounds: &[f64]) -> Option<Self> {
        let mut sorted = rounds.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let (low, high) = (*sorted.first()?, *sorted.last()?);
        let (below, above) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        let is_number = sorted.iter().all(|value| value.is_finite());
        let median = below + (above - below) / 2.0;
        is_number.then_some(Self { median, low, high, rounds: sorted.len() })
    }
}

/// A figure with all that it belongs to.
pub(super) struct Line<'a> {
    pub(super) outcome: &'a Outcome,
    pub(super) case: &'a Case,
    pub(super) figure: &'a Figure,
    pub(super) summary: Option<Summary>,
}

/// A figure's values as they are shown.
pub(super) struct Shown {
    pub(super) median: String,
    pub(super) range: String,
    pub(super) aim: String,
    pub(super) verdict: &'static str,
}

/// Every figure of a run, in its order.
pub(super) fn lines(run: &Run) -> impl Iterator<Item = Line<'_>> {
    run.outcomes.iter().flat_map(|outcome| {
        outcome.cases.iter().flat_map(move |case| {
            case.figures.iter().map(move |figure| {
                let summary = Summary::of(&figure.rounds);
                Line { outcome, case, figure, summary }
            })
        })
    })
}

impl Line<'_> {
    /// Whether it reached its aim, if it has one. What wasn't measured reached nothing.
    pub(super) fn is_met(&self) -> Option<bool> {
        let median = self.summary.map_or(f64::NAN, |summary| summary.median);
        self.figure.aim.map(|aim| match aim {
            Aim::AtLeast(bound) => median >= bound,
            Aim::AtMost(bound) => median <= bound,
        })
    }

    /// Which figure it is, in one line.
    pub(super) fn name(&self) -> String {
        let (scenario, load) = (clean(&self.outcome.scenario), clean(&self.case.load));
        format!("{scenario}, {load}: {}", clean(&self.figure.name))
    }

    /// As it stands in a table.
    pub(super) fn shown(&self) -> Shown {
        let unit = self.figure.unit;
        let aim = self.figure.aim.map(|aim| number::aim(aim, unit)).unwrap_or_default();
        let verdict = self.is_met().map_or("", |met| if met { "met" } else { "MISSED" });
        let Some(summary) = self.summary else {
            let nothing = number::NOTHING.to_owned();
            return Shown { median: nothing.clone(), range: nothing, aim, verdict };
        };
        let decimals = self.decimals(summary, unit);
        let median = number::with_unit(summary.median, decimals, unit);
        let end = |value| number::number(value, decimals);
        let range = match summary.rounds {
            1 => "one round".to_owned(),
            _ => format!("{}..{}", end(summary.low), end(summary.high)),
        };
        Shown { median, range, aim, verdict }
    }

    fn decimals(&self, summary: Summary, unit: Unit) -> usize {
        match self.figure.aim {
            Some(aim) if self.is_met() == Some(false) => {
                number::decimals_beside(summary.median, bound(aim), unit)
            }
            _ => number::decimals(summary.median, unit),
        }
    }
}

/// The value that an aim names.
pub(super) fn bound(aim: Aim) -> f64 {
    let (Aim::AtLeast(bound) | Aim::AtMost(bound)) = aim;
    bound
}

/// What is left to do, one line each: first how many aims there are, then each that was missed.
pub(super) fn verdict(run: &Run) -> (String, Vec<String>) {
    let missed = |line: &Line<'_>| line.is_met() == Some(false);
    let aims = lines(run).filter(|line| line.figure.aim.is_some()).count();
    let missed: Vec<_> = lines(run).filter(missed).map(|line| reproach(&line)).collect();
    let sentence = match (aims, missed.len()) {
        (0, _) => "No figure has an aim.".to_owned(),
        (1, 0) => "The one aim is met.".to_owned(),
        (_, 0) => format!("All {aims} aims are met."),
        (_, count) => format!("{count} of {aims} aims missed:"),
    };
    (sentence, missed)
}

fn reproach(line: &Line<'_>) -> String {
    let Shown { median, aim, .. } = line.shown();
    match line.summary {
        Some(_) => format!("{} is {median}, has to be {aim}", line.name()),
        None => format!("{} was not measured, has to be {aim}", line.name()),
    }
}

/// When and on what, in one line.
pub(super) fn machine(run: &Run) -> String {
    let it = &run.machine;
    let cores = if it.cores == 1 { "core" } else { "cores" };
    let memory = number::number(it.memory_mib as f64, 0);
    format!(
        "{}, {} {cores}, {memory} MiB of memory, {}, data on {}",
        clean(&it.processor),
        it.cores,
        clean(&it.system),
        clean(&it.file_system)
    )
}

/// Without what would steer a terminal or end a line: names come from outside, too.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { '\u{fffd}' } else { it }).collect()
}
