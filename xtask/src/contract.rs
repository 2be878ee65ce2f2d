//! `cargo xtask contract [OPTIONS]`: thousands of requests made from the OpenAPI document, and
//! every answer compared with it. The options go to schemathesis.

use anyhow::Context;

use crate::task::Outcome;
use crate::{services, workspace};

/// Builds the program, then lets `crates/contract` drive it.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<Outcome> {
    let schemathesis = services::schemathesis()?;
    let root = workspace::root()?;
    let built = workspace::cargo(&root)
        .args(["build", "--locked", "-p", "server", "-p", "contract"])
        .status()
        .context("could not start cargo")?;
    if Outcome::of(built) == Outcome::Failed {
        return Ok(Outcome::Failed);
    }
    let folder = workspace::target_folder()?.join("debug");
    let status = std::process::Command::new(folder.join("contract"))
        .arg(folder.join("ticketing"))
        .arg(schemathesis)
        .args(arguments)
        .current_dir(&root)
        .status()
        .context("could not start crates/contract")?;
    Ok(Outcome::of(status))
}
