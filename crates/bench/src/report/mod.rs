//! Stand-in until the report is merged: the same calls, with less to see.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use crate::results::Run;

/// How far a run has come.
pub struct Progress {
    total: usize,
    begun: Cell<usize>,
}

impl Progress {
    /// Begins with no step done.
    #[must_use]
    pub fn start(total_steps: usize) -> Self {
        Self { total: total_steps, begun: Cell::new(0) }
    }

    /// Says which step begins now.
    pub fn step(&self, name: &str) {
        self.begun.set(self.begun.get() + 1);
        eprintln!("[{}/{}] {name}", self.begun.get(), self.total);
    }
}

/// Prints every figure with its rounds.
pub fn print(run: &Run) {
    for outcome in &run.outcomes {
        println!("{}: {}", outcome.scenario, outcome.title);
        for case in &outcome.cases {
            for figure in &case.figures {
                let name = format!("{}, {}", case.load, figure.name);
                println!("  {name:<44} {:.2?} {:?} {:?}", figure.rounds, figure.unit, figure.aim);
            }
        }
    }
}

/// Writes `benchmark.json`.
///
/// # Errors
/// If the folder can't be written to.
pub fn write(run: &Run, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let path = folder.join("benchmark.json");
    std::fs::write(&path, serde_json::to_string_pretty(run)?)?;
    Ok(vec![path])
}
