//! `cargo xtask contract [OPTIONS]`: thousands of requests made from the OpenAPI document, and
//! every answer compared with it. The options go to schemathesis.

use anyhow::Context;

use crate::task::Outcome;
use crate::{services, workspace};

/// Builds the program, then lets `crates/contract` drive it.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<Outcome> {
    let schemathesis = services::schemathesis()?;
    if workspace::build_programs()? == Outcome::Failed {
        return Ok(Outcome::Failed);
    }
    let status = std::process::Command::new(workspace::program("contract")?)
        .arg(workspace::program("ticketing")?)
        .arg(schemathesis)
        .args(arguments)
        .current_dir(workspace::root()?)
        .status()
        .context("could not start crates/contract")?;
    Ok(Outcome::of(status))
}
