//! Shows what a run found: a table, a chart, a section of the documentation, a comparison.
//!
//! Everything is made from [`Run`] alone, so that a number in the documentation is never typed by
//! hand. `summary` says what a figure's rounds come to, `number` how that is written; `table`,
//! `markdown`, `chart` and `compare` put it side by side.

mod chart;
mod compare;
mod document;
mod markdown;
mod number;
mod progress;
mod summary;
mod table;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

pub use document::update_document;
pub use progress::Progress;

use crate::results::{Profile, Run};

/// Prints the table on standard output, with the missed aims below it.
pub fn print(run: &Run) {
    print!("{}", table::text(run));
}

/// Prints on standard output what changed from one run to another.
pub fn compare(old: &Run, new: &Run) {
    print!("{}", compare::text(old, new));
}

/// Writes `benchmark.json`, `benchmark.svg` and `benchmark.md` into a folder, which is made if it
/// isn't there, and answers with their paths. Of the distributed profile they are called
/// `benchmark-distributed`.
///
/// # Errors
/// If a figure isn't a number (nothing is written then), or the folder can't be written to.
pub fn write(run: &Run, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    refuse_what_is_no_number(run)?;
    let json = serde_json::to_string_pretty(run)? + "\n";
    let files = [("json", json), ("svg", chart::svg(run)), ("md", markdown::text(run))];
    let name = match run.profile {
        Profile::Embedded => "benchmark",
        Profile::Distributed => "benchmark-distributed",
    };
    std::fs::create_dir_all(folder).with_context(|| format!("could not make {folder:?}"))?;
    let file = |ending| folder.join(name).with_extension(ending);
    files.into_iter().map(|(ending, text)| put(file(ending), &text)).collect()
}

/// Reads a `benchmark.json` that [`write()`] wrote.
///
/// # Errors
/// If there is none at that path, or it is something else.
pub fn read(path: &Path) -> anyhow::Result<Run> {
    let text = std::fs::read(path).with_context(|| format!("could not read {path:?}"))?;
    serde_json::from_slice(&text).with_context(|| format!("{path:?} is not what a run writes"))
}

/// JSON has no word for them, and no aim is met or missed by them.
fn refuse_what_is_no_number(run: &Run) -> anyhow::Result<()> {
    for line in summary::lines(run) {
        let aim = line.figure.aim.map(summary::bound);
        let is_number = line.figure.rounds.iter().chain(&aim).all(|value| value.is_finite());
        ensure!(is_number, "not a number: {}", line.name());
    }
    Ok(())
}

fn put(path: PathBuf, text: &str) -> anyhow::Result<PathBuf> {
    std::fs::write(&path, text).with_context(|| format!("could not write {path:?}"))?;
    Ok(path)
}
