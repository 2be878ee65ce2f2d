//! `PostgreSQL` as it is in earnest: durable commits, checksums, passwords.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use rustix::process::geteuid;

use super::{Servers, probe, programs};
use crate::wait;

/// The name of the user of tests, and its password.
const USER: &str = "ticketing";

/// Where Debian keeps its versions.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Whom the server runs as where we are root, which it refuses to be.
const ACCOUNT: &str = "postgres";

/// Where data goes that has to be reached by another user than root, and can't from our folder.
const SHARED_DATA: &str = "/var/lib/ticketing-services";

/// The longest path of a socket that the system takes.
const SOCKET_MAX: usize = 107;

/// How long the processes of a server that was killed may go on.
const BURIAL_PATIENCE: Duration = Duration::from_secs(30);

/// The command that becomes the server.
pub(super) fn command(servers: &Servers) -> anyhow::Result<Command> {
    let folder = folder(&servers.folder)?;
    let data = folder.join("data");
    if data.exists() {
        bury(&folder, &data)?;
    } else {
        initialize(&folder, &data)?;
    }
    let mut command = call("postgres", &folder)?;
    command.arg("-D").arg(&data);
    for setting in settings(servers, &folder) {
        command.args(["-c", &setting]);
    }
    Ok(command)
}

fn settings(servers: &Servers, folder: &Path) -> Vec<String> {
    let port = servers.ports.postgres;
    let socket = folder.join(format!(".s.PGSQL.{port}"));
    let sockets = if socket.as_os_str().len() > SOCKET_MAX { Path::new("") } else { folder };
    [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        format!("unix_socket_directories={}", sockets.display()),
        "max_connections=400".to_owned(),
        "fsync=on".to_owned(),
        "logging_collector=off".to_owned(),
        // which statement was refused, and by what, is the tests' own business
        "log_min_error_statement=panic".to_owned(),
    ]
    .into()
}

pub(super) fn program() -> anyhow::Result<PathBuf> {
    find("postgres")
}

/// The program that asks it.
pub(crate) fn psql() -> anyhow::Result<PathBuf> {
    find("psql")
}

/// It answers a query of the tests' user.
pub(super) fn ready(servers: &Servers) -> anyhow::Result<()> {
    let port = servers.ports.postgres;
    ensure!(probe::is_open(port), "nobody listens on port {port}");
    let mut command = programs::bare(&psql()?);
    command
        .env("PGPASSWORD", USER)
        .env("PGCONNECT_TIMEOUT", "5")
        .args(["--no-psqlrc", "--no-password", "-h", "127.0.0.1", "-p", &port.to_string()])
        .args(["-U", USER, "-d", "postgres", "-A", "-t", "-c", "select 1"]);
    let output = command.output().context("can't start psql")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.stdout == b"1\n", "psql says `{}`", errors.trim());
    Ok(())
}

/// Removes what a server that was killed has left behind to say that it lives: its process number,
/// which may be another's by now, and with which the next one wouldn't start. The processes that
/// served its clients end by themselves as soon as they notice; before that, nobody may write.
///
/// Only called while no server of ours lives.
fn bury(folder: &Path, data: &Path) -> anyhow::Result<()> {
    let note = data.join("postmaster.pid");
    if !note.exists() {
        return Ok(());
    }
    let data = data.canonicalize()?;
    let gone = wait::until(BURIAL_PATIENCE, || works_in(&data).is_none().then_some(()));
    ensure!(gone.is_some(), "process {:?} still works in {}", works_in(&data), data.display());
    for entry in std::fs::read_dir(folder)?.filter_map(Result::ok) {
        // a socket's, which says the same
        if entry.file_name().to_string_lossy().ends_with(".lock") {
            std::fs::remove_file(entry.path())?;
        }
    }
    std::fs::remove_file(&note).with_context(|| note.display().to_string())
}

/// A process whose folder this is, as it is that of all of the server's.
fn works_in(data: &Path) -> Option<String> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let mut theirs = processes.filter(|process| {
        std::fs::read_link(process.path().join("cwd")).is_ok_and(|folder| folder == data)
    });
    theirs.next().map(|process| process.file_name().to_string_lossy().into_owned())
}

/// Makes a new data folder; one that was begun and not finished is never taken for one.
fn initialize(folder: &Path, data: &Path) -> anyhow::Result<()> {
    let (unfinished, password) = (folder.join("unfinished"), folder.join("password"));
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished)?;
    }
    std::fs::write(&password, USER)?;
    let mut command = call("initdb", folder)?;
    command.arg("-D").arg(&unfinished).arg("--pwfile").arg(&password);
    command.args(["-U", USER, "--auth=scram-sha-256", "--data-checksums"]);
    command.args(["--encoding=UTF8", "--locale=C"]);
    let output = command.output().context("can't start initdb")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "initdb failed: {errors}");
    std::fs::remove_file(password)?;
    std::fs::rename(unfinished, data)?;
    Ok(())
}

/// A call of one of its programs as the user that may.
fn call(program: &str, folder: &Path) -> anyhow::Result<Command> {
    let mut command = programs::bare(&find(program)?);
    command.current_dir(folder);
    if geteuid().is_root() {
        let (user, group) = account()?;
        command.uid(user).gid(group);
    }
    Ok(command)
}

/// The newest version's program.
fn find(name: &str) -> anyhow::Result<PathBuf> {
    let versions = std::fs::read_dir(VERSIONS).into_iter().flatten().filter_map(Result::ok);
    let mut versions: Vec<u32> =
        versions.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    versions.sort_unstable_by(|one, other| other.cmp(one));
    let folders: Vec<_> = versions.iter().map(|it| format!("{VERSIONS}/{it}/bin")).collect();
    programs::find(name, &folders.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The number of the server's user, and of its group.
fn account() -> anyhow::Result<(u32, u32)> {
    let accounts = std::fs::read_to_string("/etc/passwd").context("/etc/passwd")?;
    let line = accounts.lines().find(|line| line.starts_with(&format!("{ACCOUNT}:")));
    let mut fields = line.with_context(|| format!("there is no user `{ACCOUNT}`"))?.split(':');
    let user = fields.nth(2).and_then(|number| number.parse().ok());
    let group = fields.next().and_then(|number| number.parse().ok());
    user.zip(group).context("/etc/passwd")
}

/// The server's folder. Where root's own folders keep others out, `<folder>/postgres` is a link
/// to one below [`SHARED_DATA`].
fn folder(services: &Path) -> anyhow::Result<PathBuf> {
    let folder = services.join("postgres");
    if !geteuid().is_root() {
        std::fs::create_dir_all(&folder)?;
        return Ok(folder);
    }
    let open = services.ancestors().all(is_open);
    let real = if open { folder.clone() } else { shared(services) };
    std::fs::create_dir_all(&real).with_context(|| real.display().to_string())?;
    let (user, group) = account()?;
    chown(&real, Some(user), Some(group)).with_context(|| real.display().to_string())?;
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o750))?;
    if !open && !folder.is_symlink() {
        std::os::unix::fs::symlink(&real, &folder)?;
    }
    Ok(real)
}

/// Whether everybody may walk through that folder.
fn is_open(folder: &Path) -> bool {
    folder.as_os_str().is_empty()
        || std::fs::metadata(folder).is_ok_and(|folder| folder.mode() & 0o001 != 0)
}

/// A folder for each build folder, named after its path.
fn shared(services: &Path) -> PathBuf {
    // FNV-1a: the same from build to build
    let hash =
        services.as_os_str().as_encoded_bytes().iter().fold(0xcbf2_9ce4_8422_2325, |h, b| {
            (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    Path::new(SHARED_DATA).join(format!("{hash:016x}")).join("postgres")
}
