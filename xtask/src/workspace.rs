//! Where the workspace is, and which cargo works on it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;

use crate::task::Outcome;

/// The folder of the workspace's `Cargo.toml`.
///
/// Cargo names our own manifest's folder when it runs us; a binary that was started by hand falls
/// back to where it was compiled.
pub(crate) fn root() -> anyhow::Result<PathBuf> {
    let manifest_dir = std::env::var_os("CARGO_MANIFEST_DIR")
        .unwrap_or_else(|| OsString::from(env!("CARGO_MANIFEST_DIR")));
    let root = Path::new(&manifest_dir).parent();
    root.map(Path::to_owned).context("xtask lies outside of any workspace")
}

/// Where cargo builds.
pub(crate) fn target_folder() -> anyhow::Result<PathBuf> {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || root().map(|root| root.join("target")),
        |folder| std::path::absolute(folder).context("CARGO_TARGET_DIR"),
    )
}

/// What cargo tells a program that it runs about the program's own package.
const OF_OUR_PACKAGE: [&str; 3] = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PRIMARY_PACKAGE"];

/// A call of the cargo that runs us, in `root`. It isn't told of our package: build scripts that
/// watch those variables would have half of everything built anew, each time that somebody calls
/// cargo now through us and now by hand. Where everything is built once and thrown away (`CI`),
/// nothing is kept for building it again.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_of_our_package) {
            command.env_remove(name);
        }
    }
    if std::env::var_os("CI").is_some() {
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

fn is_of_our_package(name: &str) -> bool {
    OF_OUR_PACKAGE.iter().any(|start| name.starts_with(start))
}

/// Builds every program of the workspace. One package alone would be built with fewer features of
/// its libraries, and so those libraries once more.
pub(crate) fn build_programs() -> anyhow::Result<Outcome> {
    let mut build = cargo(&root()?);
    build.args(["build", "--workspace", "--bins", "--locked"]);
    Ok(Outcome::of(build.status().context("could not start cargo")?))
}

/// Where [`build_programs`] leaves the program of that name.
pub(crate) fn program(name: &str) -> anyhow::Result<PathBuf> {
    Ok(target_folder()?.join("debug").join(name))
}

/// Whether cargo has `nextest`.
pub(crate) fn has_nextest() -> anyhow::Result<bool> {
    let mut command = cargo(&root()?);
    command.args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command.status().context("could not start cargo")?.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_is_not_told_of_our_package() {
        let all = cargo(Path::new("."));
        let told: Vec<_> = all.get_envs().filter(|(_, value)| value.is_none()).collect();
        assert!(told.iter().any(|(name, _)| *name == "CARGO_MANIFEST_DIR"), "{told:?}");
        assert!(is_of_our_package("CARGO_PKG_VERSION_MAJOR"));
        for kept in ["CARGO", "CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_BUILD_JOBS"] {
            assert!(!is_of_our_package(kept), "{kept}");
        }
    }
}
