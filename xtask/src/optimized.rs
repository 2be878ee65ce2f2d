//! The exchange optimized, nearly as it is released: not across crates, which takes minutes. It is
//! what `instructions` counts, and what stories run that are asked to be quick.

use std::path::PathBuf;

use anyhow::Context;

use crate::task::Outcome;
use crate::workspace;

/// The profile in the root's `Cargo.toml`, and its folder.
const PROFILE: &str = "instructions";

/// Builds the exchange, and `hot-paths` with it: alone, either would be built with other features
/// of their libraries. What somebody's shell says of how to build doesn't count: an incremental
/// build alone takes a tenth more instructions.
pub(crate) fn build() -> anyhow::Result<Outcome> {
    let mut command = workspace::cargo(&workspace::root()?);
    command.args(["build", "--profile", PROFILE, "--locked", "-p", "hot-paths", "-p", "server"]);
    command.env("CARGO_INCREMENTAL", "0");
    for flags in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CFLAGS"] {
        command.env_remove(flags);
    }
    Ok(Outcome::of(command.status().context("could not start cargo")?))
}

/// Where [`build`] leaves the programs.
pub(crate) fn folder() -> anyhow::Result<PathBuf> {
    Ok(workspace::target_folder()?.join(PROFILE))
}
