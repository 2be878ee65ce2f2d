//! Firing: waits for the next timer, or for a change of the timers, and fires all that are due.

use std::time::Duration;

use ::store::StoreError;
use futures_util::{StreamExt, stream};
use kernel::{Outcome, Timestamp};
use telemetry::Repeated;
use telemetry::metrics::ALONE;
use telemetry::metrics::catalog::{TIMER_LATENESS, TIMERS};
use telemetry::span::{Kind, Span};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::domain::Timer;
use crate::{Expiration, store};

/// The longest time without looking: a clock that was set, another process's timers.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The shortest time between two looks for the sake of a commit: many are made in it when many
/// order, and nobody has less time to pay.
const RESPITE: Duration = Duration::from_millis(5);

/// The pause when a timer could not fire; while none can, each further one doubles it.
const TRY_AGAIN: Duration = Duration::from_millis(100);

/// The longest such pause: a timer fires at most two seconds late.
const TRY_AGAIN_MAX: Duration = LOOK_AGAIN;

/// What can't be done yet is said once in a while, not for every timer at every try.
static TROUBLE: Repeated = Repeated::every(Duration::from_secs(60));

/// Timers taken in one look.
const BATCH: u32 = 1024;

/// Timers fired at once.
const CONCURRENT: usize = 256;

/// Fires timers in their time until `stop`.
pub async fn fire(expiration: Expiration, stop: CancellationToken) {
    let mut commits = expiration.journal.commits();
    let mut try_again = TRY_AGAIN;
    // bounded: by `stop`
    loop {
        commits.mark_unchanged();
        let respite = tokio::time::Instant::now() + RESPITE;
        let pause = match fire_due(&expiration).await {
            Ok(Some(pause)) => {
                try_again = TRY_AGAIN;
                pause
            }
            Ok(None) => {
                let pause = try_again;
                try_again = (pause * 2).min(TRY_AGAIN_MAX);
                pause
            }
            Err(error) => {
                if let Some(kept_back) = TROUBLE.say() {
                    tracing::warn!(%error, kept_back, "Could not look for timers");
                }
                LOOK_AGAIN
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = changed_after(&mut commits, respite) => {}
            () = until(pause) => {}
        }
    }
}

/// Until something was committed, and not before `respite`.
async fn changed_after(commits: &mut watch::Receiver<u64>, respite: tokio::time::Instant) {
    // the journal is ours: there is somebody who commits
    let _changed = commits.changed().await;
    tokio::time::sleep_until(respite).await;
}

/// Fires what is due; answers how long until the next one, or the next look, and none when some
/// could not fire.
async fn fire_due(expiration: &Expiration) -> Result<Option<Duration>, StoreError> {
    let now = expiration.clock.now();
    let due = store::due(&expiration.journal, now, BATCH).await?;
    if due.is_empty() {
        let next = store::next(&expiration.journal).await?;
        let pause = next.map_or(LOOK_AGAIN, |fires_at| fires_at.until(now));
        return Ok(Some(pause.min(LOOK_AGAIN)));
    }
    let fire = |(timer, trace): (Timer, Option<String>)| async move {
        let span = Span::of_event(Kind::Internal, "fire a timer", trace.as_deref());
        span.scope(fire_one(expiration, timer, now)).await
    };
    let fired = stream::iter(due).map(fire).buffer_unordered(CONCURRENT);
    let all_fired = fired.fold(true, |all, fired| async move { all && fired }).await;
    Ok(all_fired.then_some(Duration::ZERO))
}

/// Whether there is nothing left to do for this timer.
async fn fire_one(expiration: &Expiration, timer: Timer, now: Timestamp) -> bool {
    let Outcome::Executed(decision) = timer.fire(now) else {
        return true;
    };
    match store::fired(&expiration.journal, decision, now).await {
        Ok(_committed) => {
            TIMERS.count(&["fired"]);
            let late = now.until(timer.fires_at);
            TIMER_LATENESS.histogram(ALONE).record(late.as_secs_f64());
            tracing::info!(order.id = %timer.order_id, "Timer of order {} fired", timer.order_id);
            true
        }
        Err(StoreError::Conflict { .. }) => {
            tracing::debug!(order.id = %timer.order_id, "A timer was dropped just in time");
            true
        }
        Err(error) => {
            if let Some(kept_back) = TROUBLE.say() {
                tracing::warn!(order.id = %timer.order_id, %error, kept_back,
                    "A timer could not fire yet");
            }
            false
        }
    }
}

async fn until(pause: Duration) {
    tokio::time::sleep_until(tokio::time::Instant::now() + pause).await;
}
