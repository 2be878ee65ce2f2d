//! Arming lost timers again. Redis may have lost all of them (it was emptied, or kept nothing), or
//! the last second's (its log is written once a second), and either comes with a new run of it:
//! every start has an id of its own. So a mark says of which run it is known that all timers are
//! there. A worker that finds another one reads from orders which reservations are open, arms
//! their timers, and sets the mark. What happens meanwhile is armed and fires as always.

use std::sync::Arc;
use std::time::Duration;

use expiration::{OpenReservations, TimersError};
use kernel::{Clock, EventId};
use redis::Script;
use telemetry::Repeated;
use tokio_util::sync::CancellationToken;

use super::{RedisTimers, unavailable};
use crate::connection::RedisError;

/// How often a worker looks whether the mark is there.
const LOOK: Duration = Duration::from_millis(500);

/// Reservations in one page.
const PAGE: u32 = 512;

/// How long the work is one worker's, from its last page on.
const HELD_MS: u64 = 10_000;

/// What can't be done yet is said once in a while.
static TROUBLE: Repeated = Repeated::every(Duration::from_secs(60));

/// Sees to it until `stop` that every open reservation has a timer, whatever Redis loses.
pub async fn rebuild(
    timers: RedisTimers,
    open: Arc<dyn OpenReservations>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let work = Rebuild { timers, open, clock, if_mine: Script::new(IF_MINE) };
    // bounded: by `stop`
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let looked = tokio::select! {
            () = stop.cancelled() => return,
            looked = work.look() => looked,
        };
        if let Err(error) = looked
            && let Some(kept_back) = TROUBLE.say()
        {
            tracing::warn!(%error, kept_back, "Could not see whether timers were lost");
        }
    }
}

const IF_MINE: &str = include_str!("../../scripts/if_mine.lua");

struct Rebuild {
    timers: RedisTimers,
    open: Arc<dyn OpenReservations>,
    clock: Arc<dyn Clock>,
    if_mine: Script,
}

impl Rebuild {
    async fn look(&self) -> Result<(), TimersError> {
        let away = unavailable("look for lost timers");
        let (run, marked) = self.run_and_mark().await.map_err(&away)?;
        if marked.as_ref() == Some(&run) {
            return Ok(());
        }
        // not a secret, but unlike any other
        let token = EventId::generate().to_string();
        if !self.take(&token).await.map_err(&away)? {
            return Ok(());
        }
        let done = self.make_whole(&token).await;
        self.hold(&token, 0).await.map_err(&away)?;
        done
    }

    /// Arms what was lost, and says of which run of Redis all is there; as holder of the lock.
    async fn make_whole(&self, token: &str) -> Result<(), TimersError> {
        let away = unavailable("look for lost timers");
        // somebody else may have done it since we looked
        let (run, marked) = self.run_and_mark().await.map_err(&away)?;
        if marked.as_ref() == Some(&run) {
            return Ok(());
        }
        if let Some(armed) = self.arm_all(token).await? {
            self.mark(&run).await.map_err(&away)?;
            tracing::info!(timers = armed, "Armed {armed} timers again that Redis did not have");
            self.look_at_policy().await.map_err(&away)?;
        }
        Ok(())
    }

    /// Arms the timers of all open reservations; none when somebody else does it now.
    async fn arm_all(&self, token: &str) -> Result<Option<usize>, TimersError> {
        let away = unavailable("arm timers again");
        let (mut armed, mut after) = (0, None);
        // bounded: ids grow from page to page, and there are so many open reservations
        loop {
            let page = self.open.page(after, PAGE).await?;
            let last = page.iter().map(|open| open.order_id).max();
            if last <= after {
                return Ok(Some(armed));
            }
            after = last;
            armed += self.timers.arm_again(page, self.clock.now()).await.map_err(&away)?;
            if !self.hold(token, HELD_MS).await.map_err(&away)? {
                return Ok(None);
            }
        }
    }

    /// Which run of Redis this is, and of which one the mark is.
    async fn run_and_mark(&self) -> Result<(String, Option<String>), RedisError> {
        let mut commands = redis::pipe();
        commands.cmd("INFO").arg("server").cmd("GET").arg(&self.timers.keys.whole);
        let (info, marked): (String, _) = self.timers.redis.ask_all(&commands).await?;
        let run = info.lines().find_map(|line| line.strip_prefix("run_id:"));
        Ok((run.unwrap_or_default().trim().to_owned(), marked))
    }

    async fn mark(&self, run: &str) -> Result<(), RedisError> {
        self.timers.redis.ask(redis::cmd("SET").arg(&self.timers.keys.whole).arg(run)).await
    }

    /// Redis throws timers away when its memory is full, if it was told to.
    async fn look_at_policy(&self) -> Result<(), RedisError> {
        let info: String = self.timers.redis.ask(redis::cmd("INFO").arg("memory")).await?;
        let policy = info.lines().find_map(|line| line.strip_prefix("maxmemory_policy:"));
        let policy = policy.unwrap_or_default().trim();
        if policy != "noeviction" {
            tracing::warn!(policy, "Redis may throw away what it is to keep");
        }
        Ok(())
    }

    /// Whether the work is ours now.
    async fn take(&self, token: &str) -> Result<bool, RedisError> {
        let mut command = redis::cmd("SET");
        command.arg(&self.timers.keys.rebuilding).arg(token).arg("NX").arg("PX").arg(HELD_MS);
        let taken: Option<String> = self.timers.redis.ask(&command).await?;
        Ok(taken.is_some())
    }

    /// Whether it still is.
    async fn hold(&self, token: &str, held_ms: u64) -> Result<bool, RedisError> {
        let mut script = self.if_mine.key(&self.timers.keys.rebuilding);
        script.arg(token).arg(held_ms);
        self.timers.redis.run(&script).await
    }
}
