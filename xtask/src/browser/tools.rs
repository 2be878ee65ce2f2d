//! What the tests run on: Chromium and Node.js from Debian, two packages from npm.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::TESTS;
use crate::services::install::{install, succeed};
use crate::services::works;
use crate::workspace;

/// Where Debian's package puts it, which the tests start.
const CHROMIUM: &str = "/usr/bin/chromium";

/// What npm reads: it installs what the lock names, and nothing else.
const FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Installs what is missing, and answers the folder with the packages.
pub(super) fn ready(output: &Path) -> anyhow::Result<PathBuf> {
    let missing = [
        ("chromium", Path::new(CHROMIUM).exists()),
        ("nodejs", works(Command::new("node").arg("--version"))),
        ("npm", works(Command::new("npm").arg("--version"))),
    ];
    let missing: Vec<_> = missing.iter().filter(|(_, is_there)| !is_there).collect();
    if !missing.is_empty() {
        install(&missing.iter().map(|(name, _)| *name).collect::<Vec<_>>())?;
    }
    packages(output)
}

/// The packages as the lock names them, installed if they aren't there yet.
fn packages(output: &Path) -> anyhow::Result<PathBuf> {
    let tests = workspace::root()?.join(TESTS);
    let folder = output.join("npm");
    let (packages, stamp) = (folder.join("node_modules"), folder.join("installed.json"));
    let lock = std::fs::read(tests.join("package-lock.json")).context("package-lock.json")?;
    if std::fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(packages);
    }
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    for file in FILES {
        std::fs::copy(tests.join(file), folder.join(file)).context(file)?;
    }
    succeed(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder))?;
    std::fs::write(&stamp, lock).with_context(|| stamp.display().to_string())?;
    Ok(packages)
}
