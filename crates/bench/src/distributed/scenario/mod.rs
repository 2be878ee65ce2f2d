//! What is measured: a file for each scenario, of the same name.

mod orders;
mod reserved;

use bench::results::Case;
use futures_util::future::LocalBoxFuture;

use super::stage::{Scale, Stage};

/// All of them, in the order in which they run.
pub(crate) const SCENARIOS: &[Scenario] = &[orders::SCENARIO, reserved::SCENARIO];

/// Something to measure.
pub(crate) struct Scenario {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) title: &'static str,
    /// How many tickets it uses up.
    pub(crate) tickets: fn(&Scale) -> usize,
    /// How many steps of the run it takes.
    pub(crate) steps: fn(&Scale) -> usize,
    /// Measures.
    pub(crate) run: for<'a> fn(&'a Stage) -> LocalBoxFuture<'a, anyhow::Result<Vec<Case>>>,
}

/// What can be named on the command line.
pub(crate) fn names() -> Vec<&'static str> {
    SCENARIOS.iter().map(|scenario| scenario.name).collect()
}
