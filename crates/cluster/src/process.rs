//! Processes that outlive the one that started them, found again by a record on disk.
//!
//! A record holds the process' number and when it began. Numbers are given out again; a process
//! with that number that began at another time is somebody else's, and is left alone.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
pub(crate) use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

use crate::wait;

/// How long a process may take to end on request before it is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(60);

/// How long the system may take to remove a process that was killed.
const KILL_PATIENCE: Duration = Duration::from_secs(10);

/// How many bytes of a log are shown when a process didn't start.
const LOG_SHOWN: usize = 2000;

/// The line of a log above what a process has said.
const BEGINNING: &str = "--- a new process ---\n";

/// Where a process is written down, and where it writes.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    record: PathBuf,
    log: PathBuf,
}

impl Place {
    /// `<folder>/<name>.pid` and `<folder>/<name>.log`.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        Self { record: folder.join(format!("{name}.pid")), log: folder.join(format!("{name}.log")) }
    }

    /// Starts `command` in a process group of its own, which no Ctrl-C of ours reaches, and
    /// writes it down. Its output is added to the log.
    pub(crate) fn spawn(&self, command: &mut Command) -> anyhow::Result<u32> {
        let name = command.get_program().display().to_string();
        let log = File::options().create(true).append(true).open(&self.log);
        let mut log = log.with_context(|| self.log.display().to_string())?;
        log.write_all(BEGINNING.as_bytes())?;
        let errors = log.try_clone().context("a log's second handle")?;
        command.stdin(Stdio::null()).stdout(log).stderr(errors).process_group(0);
        let child = command.spawn().with_context(|| format!("can't start `{name}`"))?;
        let pid = child.id();
        // a process that has ended already has no beginning to be written down, nor needs it
        if let Some(began) = began(pid) {
            write_whole(&self.record, &format!("{pid} {began}\n"))?;
        }
        Ok(pid)
    }

    /// The process that is written down here, if it lives.
    pub(crate) fn alive(&self) -> Option<u32> {
        let record = std::fs::read_to_string(&self.record).ok()?;
        let mut words = record.split_whitespace();
        let pid = words.next()?.parse().ok()?;
        let recorded: u64 = words.next()?.parse().ok()?;
        (began(pid)? == recorded).then_some(pid)
    }

    /// Asks the process to end by `signal`, and answers whether there was one. One that doesn't end
    /// is killed, which is an error.
    pub(crate) fn stop(&self, signal: Signal) -> anyhow::Result<bool> {
        let Some(pid) = self.alive() else { return Ok(false) };
        self.send(pid, signal)?;
        if !self.wait_gone(STOP_PATIENCE) {
            self.send(pid, Signal::KILL)?;
            ensure!(self.wait_gone(KILL_PATIENCE), "process {pid} can't be killed");
            bail!("process {pid} didn't end within {STOP_PATIENCE:?}, and was killed");
        }
        Ok(true)
    }

    /// Asks the process to end, without waiting for it.
    pub(crate) fn ask(&self, signal: Signal) -> anyhow::Result<()> {
        self.alive().map_or(Ok(()), |pid| self.send(pid, signal))
    }

    /// `kill -9`, and answers whether there was somebody to kill.
    pub(crate) fn kill(&self) -> anyhow::Result<bool> {
        let Some(pid) = self.alive() else { return Ok(false) };
        self.send(pid, Signal::KILL)?;
        ensure!(self.wait_gone(KILL_PATIENCE), "process {pid} can't be killed");
        Ok(true)
    }

    /// The last lines of what the last process has said.
    pub(crate) fn last_words(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let tail = String::from_utf8_lossy(&log[log.len().saturating_sub(LOG_SHOWN)..]);
        let said = tail.rsplit_once(BEGINNING).map_or(&*tail, |(_, said)| said);
        format!("{}:\n{said}", self.log.display())
    }

    /// Where it writes.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    fn send(&self, pid: u32, signal: Signal) -> anyhow::Result<()> {
        let number = i32::try_from(pid).ok().and_then(Pid::from_raw).context("no such process")?;
        match kill_process(number, signal) {
            // it ended by itself meanwhile
            Err(rustix::io::Errno::SRCH) => Ok(()),
            sent => sent.with_context(|| format!("can't send a signal to process {pid}")),
        }
    }

    fn wait_gone(&self, patience: Duration) -> bool {
        wait::until(patience, || self.alive().is_none().then_some(())).is_some()
    }
}

/// When a process began, in ticks since the system did; nothing once it has ended, also while
/// nobody has asked how it ended.
fn began(pid: u32) -> Option<u64> {
    began_in(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// As [`began`], from the process' `stat`, of which proc(5) numbers the fields.
fn began_in(stat: &str) -> Option<u64> {
    // the second field is the program's name, which may hold anything, also `)`
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<_> = rest.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3).copied();
    // the first thread of one that was killed may be gone before the others, who hold its ports
    let (state, threads) = (field(3)?, field(20)?);
    let ended = state == "X" || (state == "Z" && matches!(threads, "0" | "1"));
    let began = field(22)?.parse().ok()?;
    (!ended).then_some(began)
}

/// Writes a file so that a reader sees the old text or the new, and nothing between.
pub(crate) fn write_whole(path: &Path, text: &str) -> anyhow::Result<()> {
    let new = path.with_extension("new");
    std::fs::write(&new, text)
        .and_then(|()| std::fs::rename(&new, path))
        .with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_found_again_and_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(folder.path(), "sleeper");
        assert_eq!(place.alive(), None);
        let pid = place.spawn(Command::new("sleep").arg("600")).unwrap();
        assert_eq!(Place::new(folder.path(), "sleeper").alive(), Some(pid));
        assert!(place.stop(Signal::TERM).unwrap());
        assert_eq!(place.alive(), None);
        assert!(!place.stop(Signal::TERM).unwrap());
        assert!(!place.kill().unwrap());
    }

    #[test]
    fn another_process_with_the_same_number_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(folder.path(), "ours");
        let us = std::process::id();
        let record = folder.path().join("ours.pid");
        std::fs::write(&record, format!("{us} {}\n", began(us).unwrap() + 1)).unwrap();
        assert_eq!(place.alive(), None);
        assert!(!place.kill().unwrap(), "else this test would have ended here");
        std::fs::write(&record, "rubbish").unwrap();
        assert_eq!(place.alive(), None);
    }

    #[test]
    fn a_process_has_ended_when_its_last_thread_has() {
        let stat = |state: &str, threads: u32| {
            format!("7 (a ) b) {state} 1 7 7 0 -1 4 0 0 0 0 0 0 0 0 20 0 {threads} 0 4711 0 0")
        };
        assert_eq!(began_in(&stat("S", 1)), Some(4711));
        assert_eq!(began_in(&stat("Z", 1)), None);
        assert_eq!(began_in(&stat("Z", 2)), Some(4711), "somebody still closes its sockets");
        assert_eq!(began_in("7 (a) S"), None);
    }

    #[test]
    fn what_a_process_said_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(folder.path(), "speaker");
        place.spawn(Command::new("sh").args(["-c", "echo hello; echo oops >&2"])).unwrap();
        wait::until(Duration::from_secs(10), || place.alive().is_none().then_some(()));
        assert!(place.last_words().ends_with("hello\noops\n"), "{}", place.last_words());
    }
}
