//! How late timers fire: very many of them, two workers, and one is killed in the middle.
//!
//! `cargo run --release -p bench --example many_timers -- redis://127.0.0.1:63799 100000 10`
//! arms so many timers that are due within so many seconds. Workers are processes, each with a
//! SQLite database of its own for the events; with the address of a PostgreSQL server behind it
//! (`postgres://ticketing:ticketing@127.0.0.1:54329`) they share one there, `many_timers`.
#![expect(clippy::print_stdout, reason = "its result is for whoever runs it")]

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use expiration::domain::{Timer, TimerStatus};
use expiration::{Due, Expiration, Pace, Timers, TimersError};
use kernel::{Clock, EventId, OrderId, SystemClock, Timestamp};
use outbox::{Committed, Journal};
use redis_kit::{Redis, RedisOptions, RedisTimers, TimerOptions};
use store::{Location, PostgresOptions, Statement, Store};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

type Fallible<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Timers in Redis that write down when each was over.
struct Recorded {
    timers: RedisTimers,
    file: Mutex<File>,
}

impl Recorded {
    fn record(&self, over: &[Timer]) {
        let now = SystemClock.now();
        let lines: String = over
            .iter()
            .map(|timer| format!("{} {}\n", timer.order_id, now.until(timer.fires_at).as_micros()))
            .collect();
        let file = self.file.lock();
        if let Ok(mut file) = file {
            let _written = file.write_all(lines.as_bytes());
        }
    }
}

#[async_trait]
impl Timers for Recorded {
    async fn keep(
        &self,
        timer: Timer,
        delivery: EventId,
        at: Timestamp,
    ) -> Result<Committed, TimersError> {
        self.timers.keep(timer, delivery, at).await
    }

    async fn claim_due(&self, now: Timestamp, limit: u32) -> Result<Vec<Due>, TimersError> {
        self.timers.claim_due(now, limit).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, TimersError> {
        self.timers.next_due().await
    }

    fn ending(&self, timer: &Timer) -> Vec<Statement> {
        self.timers.ending(timer)
    }

    async fn done(&self, over: &[Timer], at: Timestamp) -> Result<(), TimersError> {
        self.record(over);
        self.timers.done(over, at).await
    }

    async fn give_back(&self, claimed: &[Timer], at: Timestamp) -> Result<(), TimersError> {
        self.timers.give_back(claimed, at).await
    }

    async fn forget_ended(&self, before: Timestamp, at: Timestamp) -> Result<(), TimersError> {
        self.timers.forget_ended(before, at).await
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.timers.changes()
    }

    fn pace(&self) -> Pace {
        self.timers.pace()
    }
}

fn timers(url: &str, prefix: &str) -> Fallible<RedisTimers> {
    let options = RedisOptions { prefix: prefix.to_owned(), ..RedisOptions::new(url) };
    Ok(RedisTimers::new(Redis::open(&options)?, TimerOptions::default()))
}

/// Where a worker keeps its events.
async fn store(postgres: &str, folder: &Path, name: &str) -> Fallible<Store> {
    let migrations = [outbox::MIGRATIONS, expiration::MIGRATIONS].concat();
    if postgres.is_empty() {
        let database = folder.join(format!("{name}.db"));
        return Ok(Store::open(Location::File(&database), &migrations)?);
    }
    let database = Some("many_timers".to_owned());
    let options = PostgresOptions { database, ..PostgresOptions::new(postgres, "timers") };
    Ok(Store::connect(options, &migrations).await?)
}

async fn work(servers: [&str; 2], prefix: &str, folder: &Path, name: &str) -> Fallible {
    let [url, postgres] = servers;
    let journal = Journal::new(store(postgres, folder, name).await?);
    let path = folder.join(format!("{name}.txt"));
    let file = Mutex::new(OpenOptions::new().create(true).append(true).open(path)?);
    let timers = Arc::new(Recorded { timers: timers(url, prefix)?, file });
    let expiration = Expiration { journal, clock: SystemClock::shared(), timers };
    expiration::fire(expiration, CancellationToken::new()).await;
    Ok(())
}

fn start([url, postgres]: [&str; 2], prefix: &str, folder: &Path, name: &str) -> Fallible<Child> {
    let program = std::env::current_exe()?;
    let mut command = Command::new(program);
    command.args(["worker", url, postgres, prefix]).arg(folder).arg(name);
    Ok(command.spawn()?)
}

/// Arms `count` timers that are due within `span` from `first` on, a thousand at a time.
async fn arm(timers: &RedisTimers, count: u32, first: Timestamp, span: Duration) -> Fallible {
    let mut next = 0;
    // bounded: by the count
    while next < count {
        let thousand = (next..count.min(next + 1000)).map(|number| {
            let (order_id, status) = (OrderId::generate(), TimerStatus::Armed);
            let fires_at = first.plus(span * number / count);
            let timer = Timer { order_id, fires_at, status };
            timers.keep(timer, EventId::generate(), SystemClock.now())
        });
        for kept in futures_util::future::join_all(thousand).await {
            let _now = kept?;
        }
        next += 1000;
    }
    Ok(())
}

/// How late each was, by its order, and how many fired more than once.
fn read(folder: &Path) -> Fallible<(HashMap<String, u64>, usize)> {
    let (mut late, mut twice) = (HashMap::new(), 0);
    for name in ["a", "b"] {
        let text = fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap_or_default();
        for line in text.lines() {
            let Some((order, micros)) = line.split_once(' ') else { continue };
            let Ok(micros) = micros.parse::<u64>() else { continue };
            let first = late.entry(order.to_owned()).or_insert(micros);
            twice += usize::from(*first != micros);
            *first = micros.min(*first);
        }
    }
    Ok((late, twice))
}

async fn run(servers: [&str; 2], count: u32, seconds: u64) -> Fallible {
    let url = servers[0];
    let prefix = format!("many-timers-{}:", EventId::generate());
    let folder: PathBuf = std::env::temp_dir().join(prefix.trim_end_matches(':'));
    fs::create_dir(&folder)?;
    let timers = timers(url, &prefix)?;
    let arming = tokio::time::Instant::now();
    let lead = Duration::from_millis(5_000 + u64::from(count) / 20);
    let (first, span) = (SystemClock.now().plus(lead), Duration::from_secs(seconds));
    arm(&timers, count, first, span).await?;
    println!("{count} timers armed in {:?}, due within {seconds} s", arming.elapsed());
    let mut workers =
        [start(servers, &prefix, &folder, "a")?, start(servers, &prefix, &folder, "b")?];
    let middle = usize::try_from(count)? / 2;
    let mut tick = tokio::time::interval(Duration::from_millis(250));
    let (mut killed, mut last) = (false, 0);
    // bounded: by a minute after the last is due
    while SystemClock.now() < first.plus(span).plus(Duration::from_secs(60)) {
        tick.tick().await;
        let fired = read(&folder)?.0.len();
        if !killed && fired >= middle {
            workers[0].kill()?;
            killed = true;
            println!("one of two workers killed after {fired}");
        }
        if fired != last && fired == usize::try_from(count)? {
            break;
        }
        last = fired;
    }
    for worker in &mut workers {
        let _gone = worker.kill();
        worker.wait()?;
    }
    let (late, twice) = read(&folder)?;
    let mut micros: Vec<_> = late.into_values().collect();
    micros.sort_unstable();
    let at = |share: f64| micros[((micros.len() - 1) as f64 * share) as usize] as f64 / 1000.0;
    println!("{} fired, {twice} of them twice", micros.len());
    println!("late: p50 {:.0} ms, p99 {:.0} ms, max {:.0} ms", at(0.5), at(0.99), at(1.0));
    fs::remove_dir_all(&folder)?;
    clear(url, &prefix)
}

/// Takes what was left out of Redis.
fn clear(url: &str, prefix: &str) -> Fallible {
    let mut connection = redis::Client::open(url)?.get_connection()?;
    let mut cursor = 0_u64;
    // bounded: by the keys there are
    loop {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(format!("{prefix}*")).arg("COUNT").arg(1000);
        let (next, keys): (u64, Vec<String>) = scan.query(&mut connection)?;
        if !keys.is_empty() {
            redis::cmd("UNLINK").arg(keys).exec(&mut connection)?;
        }
        cursor = next;
        if cursor == 0 {
            return Ok(());
        }
    }
}

#[tokio::main]
async fn main() -> Fallible {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["worker", url, postgres, prefix, folder, name] => {
            work([url, postgres], prefix, Path::new(folder), name).await
        }
        [url, count, seconds] => run([url, ""], count.parse()?, seconds.parse()?).await,
        [url, count, seconds, postgres] => {
            run([url, postgres], count.parse()?, seconds.parse()?).await
        }
        _ => Err("say the address of Redis, how many timers, within how many seconds".into()),
    }
}
