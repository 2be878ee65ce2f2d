//! Where servers' programs are, and how they are called: without our environment, which may hold
//! settings for a server of the machine's owner.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

/// Where Debian keeps programs.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A command that inherits nothing.
pub(crate) fn bare(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", PATH).env("LANG", "C.UTF-8");
    command
}

/// The program's whole path: from `folders`, else from where programs are.
pub(crate) fn find(name: &str, folders: &[&str]) -> anyhow::Result<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let usual = path.split(':').chain(PATH.split(':'));
    let mut places = folders.iter().copied().chain(usual).filter(|folder| !folder.is_empty());
    let found = places.find_map(|folder| {
        let program = Path::new(folder).join(name);
        program.is_file().then_some(program)
    });
    found.with_context(|| format!("there is no program `{name}`"))
}
