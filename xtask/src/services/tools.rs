//! The programs that tests run: what isn't in Debian goes into the build folder.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context;

use super::install::{install, succeed};
use crate::workspace;

/// The Python packages that tests run, with their versions.
const REQUIREMENTS: &str = "crates/contract/requirements.txt";

/// The program `schemathesis`, installed if it isn't there yet.
pub(crate) fn schemathesis() -> anyhow::Result<PathBuf> {
    let requirements = workspace::root()?.join(REQUIREMENTS);
    let wanted = std::fs::read_to_string(&requirements).context(REQUIREMENTS)?;
    let folder = workspace::target_folder()?.join("python");
    let stamp = folder.join("installed.txt");
    let program = folder.join("bin").join("schemathesis");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(program);
    }
    python()?;
    let make = ["-m", "venv", "--clear"];
    succeed(Command::new("python3").args(make).arg(&folder))?;
    let pip = folder.join("bin").join("pip");
    let install = ["install", "--quiet", "--disable-pip-version-check", "--requirement"];
    succeed(Command::new(pip).args(install).arg(&requirements))?;
    std::fs::write(&stamp, wanted).with_context(|| stamp.display().to_string())?;
    Ok(program)
}

/// A C++ compiler, for libFuzzer.
pub(crate) fn compiler() -> anyhow::Result<()> {
    if works(Command::new("c++").arg("--version")) { Ok(()) } else { install(&["g++"]) }
}

/// Valgrind, for counting instructions.
pub(crate) fn valgrind() -> anyhow::Result<()> {
    if works(Command::new("valgrind").arg("--version")) { Ok(()) } else { install(&["valgrind"]) }
}

/// Python that can make environments of its own.
fn python() -> anyhow::Result<()> {
    if works(Command::new("python3").args(["-c", "import venv, ensurepip"])) {
        return Ok(());
    }
    install(&["python3", "python3-venv"])
}

/// Whether the command runs, and ends well.
pub(crate) fn works(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
