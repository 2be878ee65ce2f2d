//! The checks: what they look at, how long they may take, and how often they are made.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use kernel::{Clock, Timestamp};
use outbox::{Backlog, Journal};
use serde::Serialize;
use store::StoreError;
use telemetry::machine;
use telemetry::metrics::ALONE;
use telemetry::metrics::catalog::{
    DEAD_LETTERS, DISK_FREE, HEALTH, OUTBOX_LAG, OUTBOX_WAITING, READERS_BUSY,
};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::overall_parts;

/// How long what was seen counts as seen. Whoever asks in between hears the same.
const FRESH: Duration = Duration::from_secs(1);

/// How long a database may take to answer a check. One that takes longer is down.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long something outside may take to be reached when this process starts, before the log says
/// that it is down.
const STARTING: Duration = Duration::from_secs(5);

/// When a part of the exchange counts as unwell.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The folder with the data, when it is in one.
    pub data: Option<PathBuf>,
    /// Bytes that must be free there.
    pub disk_free_min: u64,
    /// How old the oldest undelivered event may be.
    pub relay_lag_max: Duration,
    /// How much memory the program may hold, in bytes.
    pub memory_max: u64,
}

/// Something outside of this process without which it can't do all that it does: a broker, another
/// service. Whether it gets requests doesn't hang on it: the others' processes lack it, too.
pub struct Dependency {
    /// What health calls it, such as `rabbitmq`.
    pub name: &'static str,
    /// Asks how it is.
    pub ask: Ask,
}

/// Whether all is well with something, or what isn't, for the log.
pub type Ask = Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = HealthLevel)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Up,
    Down,
    /// It can't be told here. That is not bad news.
    Unknown,
}

impl Level {
    /// Down if either is.
    pub(crate) fn and(self, other: Self) -> Self {
        if self == Self::Down { self } else { other }
    }

    fn of(is_up: bool) -> Self {
        if is_up { Self::Up } else { Self::Down }
    }

    const fn number(self) -> f64 {
        match self {
            Self::Up => 1.0,
            Self::Down => 0.0,
            Self::Unknown => -1.0,
        }
    }
}

/// How a context is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ContextVitals {
    /// Its database answers a query.
    pub(crate) database: Level,
    /// The last write stood, or one would now.
    pub(crate) writes: Level,
    /// Its events reach everybody in time.
    pub(crate) relay: Level,
    /// None when they couldn't be counted. They decide nothing.
    pub(crate) dead_letters: Option<i64>,
}

impl ContextVitals {
    pub(crate) fn level(&self) -> Level {
        self.database.and(self.writes).and(self.relay)
    }
}

/// How everything is.
#[derive(Debug)]
pub(crate) struct Vitals {
    pub(crate) contexts: BTreeMap<&'static str, ContextVitals>,
    pub(crate) dependencies: BTreeMap<&'static str, Level>,
    /// None where no data is on one.
    pub(crate) disk: Option<Level>,
    pub(crate) memory: Level,
}

/// Looks after the exchange.
pub struct Health {
    contexts: Vec<(&'static str, Journal)>,
    dependencies: Vec<Dependency>,
    limits: Limits,
    clock: Arc<dyn Clock>,
    stopping: CancellationToken,
    began: Instant,
    seen: Arc<Mutex<Seen>>,
}

/// What was seen last, and what the log was told of it.
#[derive(Default)]
struct Seen {
    last: Option<(Instant, Arc<Vitals>)>,
    /// The checks that were said to be down.
    told: BTreeSet<&'static str>,
}

impl Health {
    pub(crate) fn new(
        contexts: Vec<(&'static str, Journal)>,
        dependencies: Vec<Dependency>,
        limits: Limits,
        clock: Arc<dyn Clock>,
        stopping: CancellationToken,
    ) -> Self {
        let (began, seen) = (Instant::now(), Arc::default());
        Self { contexts, dependencies, limits, clock, stopping, began, seen }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// How everything is, or was less than a second ago. One looks at a time; others wait for
    /// what it sees. A look that was begun is finished, also when whoever asked has hung up:
    /// otherwise they could have one begun after the other.
    pub(crate) async fn look(self: &Arc<Self>) -> Arc<Vitals> {
        let mut seen = Arc::clone(&self.seen).lock_owned().await;
        if let Some((at, vitals)) = &seen.last
            && at.elapsed() < FRESH
        {
            return Arc::clone(vitals);
        }
        let health = Arc::clone(self);
        let looking = tokio::spawn(async move {
            let vitals = Arc::new(health.look_now().await);
            tell_changes(&mut seen.told, &vitals, health.began.elapsed() < STARTING);
            seen.last = Some((Instant::now(), Arc::clone(&vitals)));
            vitals
        });
        looking.await.unwrap_or_else(|_panicked| Arc::new(self.nothing_seen()))
    }

    /// Who can't look must take it that all is down.
    fn nothing_seen(&self) -> Vitals {
        let (database, writes, relay) = (Level::Down, Level::Unknown, Level::Unknown);
        let unseen = ContextVitals { database, writes, relay, dead_letters: None };
        let contexts = self.contexts.iter().map(|(name, _)| (*name, unseen)).collect();
        let dependencies = self.dependencies.iter().map(|it| (it.name, Level::Unknown)).collect();
        Vitals { contexts, dependencies, disk: self.disk_unseen(), memory: Level::Unknown }
    }

    async fn look_now(&self) -> Vitals {
        let now = self.clock.now();
        let looks = self
            .contexts
            .iter()
            .map(|(name, journal)| async { (*name, self.look_at(name, journal, now).await) });
        let asked = self.dependencies.iter().map(|it| async { (it.name, level_of(it).await) });
        let (contexts, dependencies) = tokio::join!(join_all(looks), join_all(asked));
        let resident = machine::resident_bytes();
        let memory_max = self.limits.memory_max;
        Vitals {
            contexts: contexts.into_iter().collect(),
            dependencies: dependencies.into_iter().collect(),
            disk: self.look_at_disk().await.or_else(|| self.disk_unseen()),
            memory: resident.map_or(Level::Unknown, |held| Level::of(held <= memory_max)),
        }
    }

    /// What is said of the disk by who can't see it.
    fn disk_unseen(&self) -> Option<Level> {
        self.limits.data.as_ref().map(|_folder| Level::Unknown)
    }

    async fn look_at_disk(&self) -> Option<Level> {
        let data = self.limits.data.clone()?;
        let free = tokio::task::spawn_blocking(move || machine::disk_free_bytes(&data));
        let free = timeout(PATIENCE, free).await.ok()?.ok()?.ok()?;
        DISK_FREE.gauge(ALONE).set(free as f64);
        Some(Level::of(free >= self.limits.disk_free_min))
    }

    async fn look_at(
        &self,
        name: &'static str,
        journal: &Journal,
        now: Timestamp,
    ) -> ContextVitals {
        let (oldest, backlog) = (in_time(journal.oldest_undelivered()), in_time(journal.backlog()));
        let (oldest, backlog, can_write) = tokio::join!(oldest, backlog, can_write(journal));
        READERS_BUSY.gauge(&[name]).set(journal.condition().readers_busy as f64);
        if let Some(Backlog { undelivered, dead_letters }) = backlog {
            OUTBOX_WAITING.gauge(&[name]).set(undelivered as f64);
            DEAD_LETTERS.gauge(&[name]).set(dead_letters as f64);
        }
        let relay = oldest.map_or(Level::Unknown, |oldest| {
            let lag = oldest.map_or(Duration::ZERO, |oldest| now.until(oldest));
            OUTBOX_LAG.gauge(&[name]).set(lag.as_secs_f64());
            Level::of(lag <= self.limits.relay_lag_max)
        });
        ContextVitals {
            database: Level::of(oldest.is_some()),
            writes: Level::of(can_write),
            relay,
            dead_letters: backlog.map(|backlog| backlog.dead_letters),
        }
    }
}

/// How something outside is. What takes longer than the patience is down.
async fn level_of(dependency: &Dependency) -> Level {
    let name = dependency.name;
    match timeout(PATIENCE, (dependency.ask)()).await {
        Ok(Ok(())) => Level::Up,
        Ok(Err(reason)) => {
            tracing::debug!(name, reason, "A dependency failed a health check");
            Level::Down
        }
        Err(_elapsed) => Level::Down,
    }
}

/// Whether a write would stand. The last one tells; only when it didn't, one is tried.
async fn can_write(journal: &Journal) -> bool {
    let condition = journal.condition();
    condition.is_open && (condition.can_write || in_time(journal.probe()).await.is_some())
}

/// The answer, if there is one in time. What went wrong is in the log of whoever uses the
/// database for more than a check.
async fn in_time<T>(asked: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    match timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(error)) => {
            tracing::debug!(%error, "A database failed a health check");
            None
        }
        Err(_elapsed) => None,
    }
}

/// Tells the metrics how every check is, and the log which are another way than `told`. What a
/// process that is starting hasn't reached yet isn't down before it has had the time.
fn tell_changes(told: &mut BTreeSet<&'static str>, now: &Vitals, is_starting: bool) {
    for (check, part) in overall_parts(now) {
        let level = part.level();
        HEALTH.gauge(&[check]).set(level.number());
        let is_excused = is_starting && now.dependencies.contains_key(check);
        if level != Level::Down {
            if told.remove(check) {
                tracing::info!(check, "A health check is up again");
            }
        } else if !is_excused && told.insert(check) {
            tracing::error!(check, "A health check is down");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use kernel::SystemClock;
    use outbox::{Changeset, Committed};
    use store::{Location, Statement, Store};
    use tokio::task::JoinSet;

    use super::*;

    /// A clock that counts how often it was read: once for each look.
    #[derive(Default)]
    struct Looks(AtomicU32);

    impl Clock for Looks {
        fn now(&self) -> Timestamp {
            self.0.fetch_add(1, Ordering::Relaxed);
            Timestamp::from_micros(0)
        }
    }

    /// However many ask, and hang up before they hear: one look a second.
    #[tokio::test]
    async fn asking_often_costs_little() {
        let looks = Arc::new(Looks::default());
        let clock = Arc::clone(&looks) as Arc<dyn Clock>;
        let health =
            Arc::new(Health::new(vec![], vec![], limits(), clock, CancellationToken::new()));
        let started = Instant::now();
        for _ in 0..100 {
            let hung_up = timeout(Duration::ZERO, health.look()).await;
            drop(hung_up);
            join_all((0..10).map(|_| health.look())).await;
        }
        let allowed = 1 + started.elapsed().as_secs();
        assert!(u64::from(looks.0.load(Ordering::Relaxed)) <= allowed);
    }

    fn limits() -> Limits {
        let (data, relay_lag_max) = (Some("/".into()), Duration::ZERO);
        Limits { data, disk_free_min: 0, relay_lag_max, memory_max: u64::MAX }
    }

    fn journal() -> Journal {
        Journal::new(Store::open(Location::Memory, outbox::MIGRATIONS).unwrap())
    }

    async fn look_at(journal: &Journal) -> ContextVitals {
        let contexts = vec![("test", journal.clone())];
        let clock = SystemClock::shared();
        let health =
            Arc::new(Health::new(contexts, vec![], limits(), clock, CancellationToken::new()));
        health.look().await.contexts["test"]
    }

    /// Searches take their time, and leave nobody else none.
    #[tokio::test]
    async fn slow_searches_are_no_illness() {
        const ENDLESS: &str = "with recursive n (i) as (select 1 union all select i + 1 from n)
             select count(*) from n";
        let journal = journal();
        let mut searches = JoinSet::new();
        for _ in 0..16 {
            let journal = journal.clone();
            searches.spawn(async move { journal.scan(ENDLESS, []).await });
        }
        while journal.condition().readers_busy == 0 {
            tokio::task::yield_now().await;
        }
        let vitals = look_at(&journal).await;
        assert_eq!((vitals.level(), vitals.dead_letters), (Level::Up, Some(0)));
        assert!(searches.try_join_next().is_none(), "the searches have no end");
    }

    #[tokio::test]
    async fn what_can_t_be_counted_is_no_illness() {
        let journal = journal();
        assert_eq!(look_at(&journal).await.dead_letters, Some(0));
        let away = vec![Statement::new("drop table dead_letters", [])];
        let committed = journal.commit(Changeset::new(Timestamp::from_micros(0), away, vec![]));
        assert_eq!(committed.await.unwrap(), Committed::Now);
        let vitals = look_at(&journal).await;
        assert_eq!((vitals.level(), vitals.dead_letters), (Level::Up, None));
    }

    #[test]
    fn who_starts_has_time_to_reach_others_and_then_says_it_once() {
        let away = Vitals {
            contexts: BTreeMap::new(),
            dependencies: BTreeMap::from([("rabbitmq", Level::Down)]),
            disk: Some(Level::Down),
            memory: Level::Up,
        };
        let mut told = BTreeSet::new();
        tell_changes(&mut told, &away, true);
        assert_eq!(told, BTreeSet::from(["disk"]), "what is here needs no time");
        tell_changes(&mut told, &away, false);
        assert_eq!(told, BTreeSet::from(["disk", "rabbitmq"]));
        let there = BTreeMap::from([("rabbitmq", Level::Up)]);
        tell_changes(&mut told, &Vitals { dependencies: there, ..away }, false);
        assert_eq!(told, BTreeSet::from(["disk"]));
    }

    #[test]
    fn what_is_not_known_is_not_down() {
        assert_eq!(Level::Up.and(Level::Unknown), Level::Unknown);
        assert_eq!(Level::Unknown.and(Level::Up), Level::Up);
        assert_eq!(Level::Unknown.and(Level::Down), Level::Down);
        assert_eq!(Level::Down.and(Level::Up), Level::Down);
    }
}
