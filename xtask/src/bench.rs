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
    let target = std::env::var("CARGO_TARGET_DIR").map_or_else(
        |_| workspace::root().map(|root| root.join("target")),
        |folder| std::path::absolute(folder).context("CARGO_TARGET_DIR"),
    )?;
    let program = target.join("release").join("ticketing");
    let program = program.to_str().context("the target folder's name is not UTF-8")?;
    cargo(&["run", "--release", "--locked", "--quiet", "-p", "bench", "--", program])
}

fn cargo(arguments: &[&str]) -> anyhow::Result<Outcome> {
    let status = workspace::cargo(&workspace::root()?)
        .args(arguments)
        .status()
        .with_context(|| format!("could not start cargo {}", arguments.join(" ")))?;
    Ok(if status.success() { Outcome::Passed } else { Outcome::Failed })
}
