//! `cargo xtask bench`: builds the release program, and measures it.

use anyhow::Context;

use crate::task::{Outcome, expect_no_arguments};
use crate::workspace;

/// Builds, then measures; what was measured is printed.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<Outcome> {
    expect_no_arguments(arguments)?;
    let built = cargo(&["build", "--release", "--locked", "-p", "server", "-p", "bench"])?;
    if built == Outcome::Failed {
        return Ok(Outcome::Failed);
    }
    let program = workspace::target_folder()?.join("release").join("ticketing");
    let program = program.to_str().context("the target folder's name is not UTF-8")?;
    cargo(&["run", "--release", "--locked", "--quiet", "-p", "bench", "--", program])
}

fn cargo(arguments: &[&str]) -> anyhow::Result<Outcome> {
    let status = workspace::cargo(&workspace::root()?)
        .args(arguments)
        .status()
        .with_context(|| format!("could not start cargo {}", arguments.join(" ")))?;
    Ok(Outcome::of(status))
}
