//! The exchange under load: the program as people run it, as a child of this process.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use testkit::{Databases, Dice};
use tokio::time::{Instant, MissedTickBehavior};

use crate::load::{Answer, Connection, get};

/// How long its events may take to arrive.
const DRAIN_MAX: Duration = Duration::from_secs(300);

/// How often is looked whether they have.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How much of its log is shown when it fails.
const LOG_SHOWN_MAX: usize = 4000;

/// How many times as many tickets as are wanted are drawn from, so that there are enough.
const DRAWN_FROM: u64 = 2;

/// What an exchange holds, in megabytes.
pub(crate) struct Memory {
    /// What is in memory now.
    pub(crate) resident: f64,
    /// The most there ever was.
    pub(crate) peak: f64,
}

/// A ticket that somebody else sells.
pub(crate) struct Ticket {
    pub(crate) id: String,
    pub(crate) title: String,
}

/// A running exchange; dropping it ends it.
pub(crate) struct Exchange {
    process: Child,
    data: PathBuf,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its data goes with it, unless it is a set that others use, too.
    _folder: Option<tempfile::TempDir>,
}

impl Exchange {
    /// Starts `program` on the data in `data`; `folder` is deleted when it has ended.
    pub(crate) fn start(
        program: &Path,
        data: &Path,
        folder: Option<tempfile::TempDir>,
    ) -> anyhow::Result<Self> {
        let mut process = command(program, data)?
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("can't start {}", program.display()))?;
        let output = process.stdout.take();
        // from here on it is ended whatever happens
        let mut exchange = Self {
            process,
            data: data.to_owned(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            _folder: folder,
        };
        let mut lines = BufReader::new(output.context("its output")?).lines();
        let url = lines.find_map(|line| {
            let line = line.ok()?;
            line.trim().strip_prefix("Address").map(|url| url.trim().to_owned())
        });
        let address = url.as_deref().and_then(|url| url.strip_prefix("http://")?.parse().ok());
        exchange.address = address.ok_or_else(|| failed("it didn't start", data))?;
        Ok(exchange)
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.process.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status().context("kill -TERM")?;
        ensure!(asked.success(), "can't ask the exchange to end");
        let ended = self.process.wait()?;
        ensure!(ended.success(), failed("it didn't end well", &self.data));
        Ok(())
    }

    /// Where it is, for those who speak to it in their own way.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until every event is delivered and every payment settled; answers how long that took.
    pub(crate) async fn drain(&self) -> anyhow::Result<Duration> {
        let databases = Databases::open(&self.data);
        let began = Instant::now();
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !databases.is_at_rest() {
            let waited = began.elapsed();
            ensure!(waited < DRAIN_MAX, "events don't arrive: {}", databases.rest());
            looks.tick().await;
        }
        Ok(began.elapsed())
    }

    /// Its answer to `GET path`.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        Connection::open(self.address).await?.ask(&get(path)?, 200).await
    }

    /// So many tickets that can be ordered, from all over the exchange, in no order.
    pub(crate) fn tickets(&self, count: usize) -> anyhow::Result<Vec<Ticket>> {
        let databases = Databases::open(&self.data);
        let all = databases.number("tickets", "select count(*) from tickets");
        let all = u64::try_from(all)?;
        let every = (all / (count as u64 * DRAWN_FROM).max(1)).max(1);
        let sql = format!(
            "select id, title from tickets where order_id is null and abs(random() % {every}) = 0"
        );
        let mut rows = databases.rows("tickets", &sql).into_iter();
        let ticket = |mut row: Vec<String>| Some(Ticket { title: row.pop()?, id: row.pop()? });
        let mut tickets: Vec<_> = rows.by_ref().filter_map(ticket).collect();
        shuffle(&mut tickets);
        let found = tickets.len();
        ensure!(found >= count, "{count} free tickets are needed, and {found} of {all} are there");
        tickets.truncate(count);
        Ok(tickets)
    }

    /// How much memory it takes, as Linux tells it.
    pub(crate) fn memory(&self) -> anyhow::Result<Memory> {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(&path).context(path)?;
        let megabytes = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
            let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
            kib.map(|kib: f64| kib * 1024.0 / 1e6).with_context(|| format!("no {key}"))
        };
        Ok(Memory { resident: megabytes("VmRSS")?, peak: megabytes("VmHWM")? })
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // it may have ended already
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// Lets `program demo` fill `data` with so many tickets, and people who sell them.
pub(crate) fn fill(program: &Path, data: &Path, tickets: u64) -> anyhow::Result<()> {
    let count = tickets.to_string();
    let filled = command(program, data)?
        .args(["demo", "--orders", "0", "--tickets", &count])
        .stdout(Stdio::null())
        .status()
        .with_context(|| format!("can't start {}", program.display()))?;
    ensure!(filled.success(), failed("`ticketing demo` failed", data));
    Ok(())
}

/// The program with the settings of production. What it logs goes into a file beside its data.
fn command(program: &Path, data: &Path) -> anyhow::Result<Command> {
    let log = log_of(data);
    let log = File::options().create(true).append(true).open(&log).context("its log")?;
    let mut command = Command::new(program);
    command
        .arg("--data")
        .arg(data)
        .current_dir(data.parent().unwrap_or(data))
        .env_clear()
        // all clients here have one address
        .env("RATE_LIMIT_ENABLED", "false")
        .stdin(Stdio::null())
        .stderr(log);
    Ok(command)
}

fn log_of(data: &Path) -> PathBuf {
    data.with_extension("log")
}

/// What went wrong, with the end of the log.
fn failed(what: &str, data: &Path) -> anyhow::Error {
    let log = std::fs::read(log_of(data)).unwrap_or_default();
    let end = &log[log.len().saturating_sub(LOG_SHOWN_MAX)..];
    anyhow!("{what}; its log ends with\n{}", String::from_utf8_lossy(end))
}

/// Fisher and Yates' shuffle, the same in each run.
fn shuffle<T>(all: &mut [T]) {
    let mut dice = Dice::new(1);
    for last in (1..all.len()).rev() {
        all.swap(last, dice.below(last + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_loses_nothing_and_leaves_little_in_place() {
        let mut all: Vec<_> = (0..1000).collect();
        shuffle(&mut all);
        let in_place = all.iter().enumerate().filter(|(at, value)| at == *value).count();
        assert!(in_place < 20, "{in_place}");
        all.sort_unstable();
        assert!(all.into_iter().eq(0..1000));
    }
}
