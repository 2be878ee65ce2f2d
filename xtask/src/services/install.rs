//! Installing Debian packages, as root, without the servers in them being started on the ports
//! where such servers usually are.

use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

const APT: &str = "/usr/bin/apt-get";

/// What Debian asks whether a service may be started (invoke-rc.d(8)).
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Its answer "no".
const NO: &str = "#!/bin/sh\n# written by `cargo xtask services` while it installs\nexit 101\n";

/// Installs the packages.
pub(crate) fn install(packages: &[&str]) -> anyhow::Result<()> {
    let names = packages.join(", ");
    ensure!(Path::new(APT).exists(), "the tests need {names}; install it, or run them on Debian");
    ensure!(
        cluster::is_root(),
        "the tests need {names}; as root: apt-get install {}",
        packages.join(" ")
    );
    println!("services: installing {names}");
    let _policy = Policy::set()?;
    succeed(apt().args(["update", "--quiet"]))?;
    let quiet = ["install", "--yes", "--quiet", "--no-install-recommends"];
    succeed(apt().args(quiet).args(packages))
}

/// Takes servers that were just installed out of what the machine starts by itself.
pub(super) fn leave_stopped(units: &[&str]) {
    if Path::new("/run/systemd/system").exists() {
        let mut command = Command::new("systemctl");
        command.args(["disable", "--now", "--quiet"]).args(units);
        // what isn't known to systemd isn't started by it
        let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// Whether packages can be installed here.
pub(super) fn is_possible() -> bool {
    Path::new(APT).exists() && cluster::is_root()
}

fn apt() -> Command {
    let mut command = Command::new(APT);
    // others may be installing something
    command.args(["-o", "DPkg::Lock::Timeout=300"]).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Runs it; its output goes where ours goes.
pub(crate) fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().display().to_string();
    let status = command.status().with_context(|| format!("can't start `{name}`"))?;
    ensure!(status.success(), "`{name}` failed: {status}");
    Ok(())
}

/// The machine's policy, where it had none; it goes with this value.
struct Policy(Option<PathBuf>);

impl Policy {
    fn set() -> anyhow::Result<Self> {
        let new = std::fs::File::options().write(true).create_new(true).mode(0o755).open(POLICY);
        match new {
            Ok(mut file) => {
                std::io::Write::write_all(&mut file, NO.as_bytes()).context(POLICY)?;
                Ok(Self(Some(POLICY.into())))
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Self(None)),
            Err(error) => Err(error).context(POLICY),
        }
    }
}

impl Drop for Policy {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}
