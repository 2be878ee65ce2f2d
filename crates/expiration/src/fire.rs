//! Firing: waits for the next timer, or for a change of the timers, and fires all that are due.

use std::iter;
use std::time::Duration;

use ::store::StoreError;
use futures_util::{StreamExt, stream};
use kernel::{Outcome, Timestamp};
use outbox::Changeset;
use telemetry::Repeated;
use telemetry::metrics::ALONE;
use telemetry::metrics::catalog::{TIMER_LATENESS, TIMERS};
use telemetry::span::{Kind, Span};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::domain::Timer;
use crate::{Due, Expiration, TimersError};

/// The pause when the timers could not be read.
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

/// Commits under way at once.
const CONCURRENT: usize = 256;

/// Fires timers in their time until `stop`.
pub async fn fire(expiration: Expiration, stop: CancellationToken) {
    let mut changes = expiration.timers.changes();
    let mut try_again = TRY_AGAIN;
    // bounded: by `stop`
    loop {
        changes.mark_unchanged();
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
            () = changed_after(&mut changes, respite) => {}
            () = until(pause) => {}
        }
    }
}

/// Until the timers have changed, and not before `respite`.
async fn changed_after(changes: &mut watch::Receiver<u64>, respite: tokio::time::Instant) {
    // the timers are ours: there is somebody who changes them
    let _changed = changes.changed().await;
    tokio::time::sleep_until(respite).await;
}

/// Fires what is due; answers how long until the next one, or the next look, and none when some
/// could not fire.
async fn fire_due(expiration: &Expiration) -> Result<Option<Duration>, TimersError> {
    let (now, timers) = (expiration.clock.now(), &expiration.timers);
    let pace = timers.pace();
    let due = timers.claim_due(now, BATCH).await?;
    if due.is_empty() {
        let next = timers.next_due().await?;
        let pause = next.map_or(pace.look_again, |fires_at| fires_at.until(now));
        return Ok(Some(pause.min(pace.look_again)));
    }
    let mut due = due.into_iter();
    let groups = iter::from_fn(|| {
        let group: Vec<_> = due.by_ref().take(pace.together.max(1)).collect();
        (!group.is_empty()).then_some(group)
    });
    let fire = |group| fire_together(expiration, group, now);
    let fired = stream::iter(groups).map(fire).buffer_unordered(CONCURRENT);
    let together = |all: Fired, some| async move { all.and(some) };
    let Fired { over, failed } = fired.fold(Fired::default(), together).await;
    if !over.is_empty() {
        timers.done(&over, now).await?;
    }
    if !failed.is_empty() {
        timers.give_back(&failed, now).await?;
    }
    Ok(failed.is_empty().then_some(Duration::ZERO))
}

/// What came of some timers.
#[derive(Default)]
struct Fired {
    /// There is nothing left to do for these.
    over: Vec<Timer>,
    /// These could not fire yet.
    failed: Vec<Timer>,
}

impl Fired {
    fn and(mut self, other: Self) -> Self {
        self.over.extend(other.over);
        self.failed.extend(other.failed);
        self
    }
}

/// Fires some timers with one commit. Each event belongs to the trace of its own order.
async fn fire_together(expiration: &Expiration, group: Vec<Due>, now: Timestamp) -> Fired {
    let (mut timers, mut spans) = (Vec::with_capacity(group.len()), Vec::new());
    let (mut writes, mut events) = (Vec::new(), Vec::new());
    for Due { timer, trace } in group {
        timers.push(timer);
        if let Outcome::Executed(decision) = timer.fire(now) {
            let span = Span::of_event(Kind::Internal, "fire a timer", trace.as_deref());
            let trace = span.trace().to_string();
            events.extend(decision.events.into_iter().map(|event| (event, Some(trace.clone()))));
            writes.extend(expiration.timers.ending(&timer));
            spans.push((timer, span));
        }
    }
    let Some((_, first)) = spans.first() else {
        return Fired { over: timers, failed: Vec::new() };
    };
    let changeset = Changeset::new(now, writes, Vec::new()).telling(events);
    let committed = first.scope(expiration.journal.commit(changeset)).await.map(drop);
    let mut is_over = true;
    for (timer, span) in &spans {
        is_over &= span.within(|| tell(*timer, &committed, now));
    }
    if is_over {
        Fired { over: timers, failed: Vec::new() }
    } else {
        Fired { over: Vec::new(), failed: timers }
    }
}

/// Tells what came of a timer; answers whether there is nothing left to do for it.
fn tell(timer: Timer, committed: &Result<(), StoreError>, now: Timestamp) -> bool {
    match committed {
        Ok(()) => {
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
