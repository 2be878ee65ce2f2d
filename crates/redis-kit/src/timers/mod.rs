//! Timers in Redis, which many workers share. Reading order: [`RedisTimers`] here, then `rebuild`
//! (what happens when Redis has lost some).
//!
//! - `due`: a sorted set, orders by the time when their timers fire.
//! - `claims`: a sorted set, orders by the time when somebody's claim on them lapses.
//! - `armed`: a hash, for each order that has a timer when it fires, and its trace.
//! - `ended:<order>`: how a timer has ended, for a day after its time.
//!
//! A timer that is armed is in `armed`, and in one of `due` and `claims`. Scripts change all of
//! them at once, take the time as an argument, and may be run again: an answer that was lost is
//! asked for once more.

mod rebuild;

use std::time::Duration;

use async_trait::async_trait;
use expiration::domain::{Timer, TimerStatus};
use expiration::forget::MEMORY;
use expiration::{Due, OpenReservation, Pace, Timers, TimersError};
use kernel::{EventId, OrderId, Timestamp};
use outbox::Committed;
use redis::Script;
use store::Statement;
use tokio::sync::watch;

use crate::connection::{Redis, RedisError};

pub use rebuild::rebuild;

/// Timers that one script handles: Redis does nothing else meanwhile, a few milliseconds.
const CHUNK: usize = 512;

/// How timers are shared.
#[derive(Debug, Clone, Copy)]
pub struct TimerOptions {
    /// How long a claimed timer is nobody else's: a dead worker's timers are late by that much.
    /// Longer than the commit of some events takes; else they are committed twice, which harms
    /// nobody.
    pub claimed_for: Duration,
    /// Timers whose events are committed as one.
    pub together: usize,
    /// The longest time without looking: a timer that another worker armed may be the next.
    pub look_again: Duration,
}

impl Default for TimerOptions {
    /// 1.5 s until a dead worker's timers are taken over, and half a second at most without
    /// looking: so a timer is at most 2 s late, as the contract says.
    fn default() -> Self {
        Self {
            claimed_for: Duration::from_millis(1500),
            together: 64,
            look_again: Duration::from_millis(500),
        }
    }
}

/// Timers in Redis. Cheap to clone.
#[derive(Clone)]
pub struct RedisTimers {
    redis: Redis,
    options: TimerOptions,
    keys: Keys,
    scripts: Scripts,
    changes: watch::Sender<u64>,
}

#[derive(Clone)]
struct Keys {
    due: String,
    claims: String,
    armed: String,
    ended: String,
    /// Of which run of Redis it is known that its timers are all there.
    whole: String,
    /// Who is arming lost timers again.
    rebuilding: String,
}

#[derive(Clone)]
struct Scripts {
    keep: Script,
    claim: Script,
    end: Script,
    give_back: Script,
}

impl RedisTimers {
    /// The timers in `redis`.
    #[must_use]
    pub fn new(redis: Redis, options: TimerOptions) -> Self {
        // what is in braces decides where a cluster keeps a key: all of them in one place
        let key = |name: &str| redis.key(&format!("{{timers}}:{name}"));
        let keys = Keys {
            due: key("due"),
            claims: key("claims"),
            armed: key("armed"),
            ended: key("ended:"),
            whole: key("whole"),
            rebuilding: key("rebuilding"),
        };
        let scripts = Scripts {
            keep: Script::new(include_str!("../../scripts/keep_timers.lua")),
            claim: Script::new(include_str!("../../scripts/claim_timers.lua")),
            end: Script::new(include_str!("../../scripts/end_timers.lua")),
            give_back: Script::new(include_str!("../../scripts/give_back_timers.lua")),
        };
        let (redis, changes) = (redis.part("timers"), watch::Sender::new(0));
        Self { redis, options, keys, scripts, changes }
    }

    /// Arms or drops timers; answers for each whether that changed anything.
    async fn keep_all(
        &self,
        timers: &[(Timer, Option<String>)],
        now: Timestamp,
    ) -> Result<Vec<bool>, RedisError> {
        let mut changed = Vec::with_capacity(timers.len());
        for chunk in timers.chunks(CHUNK) {
            let mut script = self.scripts.keep.prepare_invoke();
            script.key(&self.keys.due).key(&self.keys.claims).key(&self.keys.armed);
            for (timer, trace) in chunk {
                script.key(self.ended(timer.order_id));
                script.arg(timer.order_id.to_string()).arg(timer.status.as_str());
                script.arg(timer.fires_at.as_micros()).arg(trace.as_deref().unwrap_or_default());
                script.arg(memory_ms(timer, now));
            }
            changed.extend(self.redis.run::<Vec<bool>>(&script).await?);
        }
        if changed.contains(&true) {
            self.changes.send_modify(|count| *count = count.wrapping_add(1));
        }
        Ok(changed)
    }

    /// Arms the timers of reservations that are open; answers how many had none.
    async fn arm_again(
        &self,
        open: Vec<OpenReservation>,
        now: Timestamp,
    ) -> Result<usize, RedisError> {
        let timer = |OpenReservation { order_id, expires_at, trace }| {
            (Timer { order_id, fires_at: expires_at, status: TimerStatus::Armed }, trace)
        };
        let timers: Vec<_> = open.into_iter().map(timer).collect();
        let changed = self.keep_all(&timers, now).await?;
        Ok(changed.into_iter().filter(|changed| *changed).count())
    }

    async fn claim(&self, now: Timestamp, limit: usize) -> Result<Vec<String>, RedisError> {
        let mut script = self.scripts.claim.prepare_invoke();
        script.key(&self.keys.due).key(&self.keys.claims).key(&self.keys.armed);
        script.arg(now.as_micros()).arg(now.plus(self.options.claimed_for).as_micros());
        script.arg(limit.min(CHUNK));
        self.redis.run(&script).await
    }

    async fn end_all(&self, over: &[Timer], now: Timestamp) -> Result<(), RedisError> {
        for chunk in over.chunks(CHUNK) {
            let mut script = self.scripts.end.prepare_invoke();
            script.key(&self.keys.due).key(&self.keys.claims).key(&self.keys.armed);
            for timer in chunk {
                script.key(self.ended(timer.order_id));
                script.arg(timer.order_id.to_string()).arg(memory_ms(timer, now));
            }
            self.redis.run::<()>(&script).await?;
        }
        Ok(())
    }

    async fn give_back_all(&self, claimed: &[Timer]) -> Result<(), RedisError> {
        for chunk in claimed.chunks(CHUNK) {
            let mut script = self.scripts.give_back.prepare_invoke();
            script.key(&self.keys.due).key(&self.keys.claims);
            for timer in chunk {
                script.arg(timer.order_id.to_string()).arg(timer.fires_at.as_micros());
            }
            self.redis.run::<()>(&script).await?;
        }
        Ok(())
    }

    /// When the first timer fires, and when the first claim lapses.
    async fn first(&self) -> Result<Option<Timestamp>, RedisError> {
        let mut commands = redis::pipe();
        for key in [&self.keys.due, &self.keys.claims] {
            commands.cmd("ZRANGE").arg(key).arg(0).arg(0).arg("WITHSCORES");
        }
        let firsts: [Vec<(String, f64)>; 2] = self.redis.ask_all(&commands).await?;
        let times = firsts.into_iter().flatten().map(|(_order, micros)| instant(micros));
        Ok(times.min())
    }

    fn ended(&self, order: OrderId) -> String {
        format!("{}{order}", self.keys.ended)
    }
}

/// For how many milliseconds from `now` on it is remembered that a timer has ended.
fn memory_ms(timer: &Timer, now: Timestamp) -> u64 {
    let span = timer.fires_at.until(now).saturating_add(MEMORY);
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Redis counts in floating point, which holds whole microseconds until the year 2255.
#[expect(clippy::cast_possible_truncation, reason = "a score that was an integer before")]
fn instant(micros: f64) -> Timestamp {
    Timestamp::from_micros(micros as i64)
}

/// A claimed timer, from its order and from what is kept of it: `1790000000000000 00-4bf9…-01`.
fn due(order: &str, kept: &str) -> Option<Due> {
    let (fires_at, trace) = kept.split_once(' ')?;
    let (order_id, micros) = (OrderId::parse(order).ok()?, fires_at.parse().ok()?);
    let fires_at = Timestamp::from_micros(micros);
    let timer = Timer { order_id, fires_at, status: TimerStatus::Armed };
    Some(Due { timer, trace: (!trace.is_empty()).then(|| trace.to_owned()) })
}

fn unavailable(operation: &'static str) -> impl Fn(RedisError) -> TimersError {
    move |error| TimersError::Unavailable { operation, reason: error.to_string() }
}

#[async_trait]
impl Timers for RedisTimers {
    /// Without a row for the event: arming or dropping once more changes nothing, whoever asks.
    async fn keep(
        &self,
        timer: Timer,
        _delivery: EventId,
        at: Timestamp,
    ) -> Result<Committed, TimersError> {
        let trace = telemetry::trace::current_header();
        let kept = self.keep_all(&[(timer, trace)], at).await;
        let changed = kept.map_err(unavailable("keep a timer"))?;
        Ok(if changed.contains(&true) { Committed::Now } else { Committed::Earlier })
    }

    async fn claim_due(&self, now: Timestamp, limit: u32) -> Result<Vec<Due>, TimersError> {
        let limit = usize::try_from(limit).unwrap_or(CHUNK);
        let claimed = self.claim(now, limit).await.map_err(unavailable("claim timers"))?;
        let pairs = claimed.chunks_exact(2);
        Ok(pairs.filter_map(|pair| due(&pair[0], &pair[1])).collect())
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, TimersError> {
        self.first().await.map_err(unavailable("look for the next timer"))
    }

    fn ending(&self, _timer: &Timer) -> Vec<Statement> {
        Vec::new()
    }

    async fn done(&self, over: &[Timer], at: Timestamp) -> Result<(), TimersError> {
        self.end_all(over, at).await.map_err(unavailable("end timers"))
    }

    async fn give_back(&self, claimed: &[Timer], _at: Timestamp) -> Result<(), TimersError> {
        self.give_back_all(claimed).await.map_err(unavailable("give timers back"))
    }

    /// Redis forgets by itself.
    async fn forget_ended(&self, _before: Timestamp, _at: Timestamp) -> Result<(), TimersError> {
        Ok(())
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn pace(&self) -> Pace {
        Pace { together: self.options.together, look_again: self.options.look_again }
    }
}
