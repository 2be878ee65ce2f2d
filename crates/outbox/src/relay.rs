//! The relay: carries what the outbox holds to the bus. What was committed in this process it is
//! given (`fresh`); the table, which is the truth, it reads at its start and
//! a few times a second. A row goes only after its publish was confirmed, so a crash delivers it
//! once more rather than never.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use events::Envelope;
use futures_util::FutureExt;
use kernel::{Clock, EventId};
use store::{Engine, Row, Statement, StoreError, params};
use telemetry::Repeated;
use telemetry::span::{Kind, Span};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::claims::{Claims, Page};
use crate::forgetting::forget_old;
use crate::journal::Journal;

const WAITING: &str = "select id, envelope from outbox where id > ?1 order by id limit ?2";
const DELIVERED: &str = "delete from outbox where id = ?1";
/// As many as there are, by one statement: to a server each of them is a message.
const ALL_DELIVERED: &str =
    "delete from outbox where id = any(cast(string_to_array(?1, ',') as uuid[]))";
/// How often the log says that something doesn't work yet, while that is so.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// Where nothing is old, the next look comes after so many times as long.
const FORGET_RESTS: u32 = 50;

/// How many events that were delivered wait to be cleared together, and how long, if nobody waits
/// for that. A crash meanwhile delivers them once more, and everybody has seen them.
const CLEARED_TOGETHER: usize = 128;
const CLEAR_EVERY: Duration = Duration::from_millis(50);

/// Rows read at once.
const PAGE: usize = 256;

/// Pages read in one look: so many rows that can't be delivered don't hide the ones behind them.
const PAGES_MAX: usize = 16;

/// How hard a relay works.
#[derive(Debug, Clone, Copy)]
pub struct RelayOptions {
    /// Events on their way at once.
    pub in_flight_max: usize,
    /// How often it looks without a hint.
    pub poll: Duration,
    /// How long an event that could not be handed over rests before the next try.
    pub pause_after_failure: Duration,
    /// How long the inbox remembers what it has seen.
    pub inbox_memory: Duration,
    /// How often it forgets up to 1000 of what is older, and up to 1000 expired answers, while
    /// there are some.
    pub forget_every: Duration,
}

impl Default for RelayOptions {
    fn default() -> Self {
        Self {
            in_flight_max: 256,
            poll: Duration::from_millis(500),
            pause_after_failure: Duration::from_secs(1),
            inbox_memory: Duration::from_secs(24 * 3600),
            forget_every: Duration::from_millis(200),
        }
    }
}

/// Delivers the events of one context.
pub struct Relay {
    journal: Journal,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    options: RelayOptions,
    in_flight: HashSet<EventId>,
    deliveries: JoinSet<Delivery>,
    /// Was on its way when claims were last renewed.
    held: HashSet<EventId>,
    /// Could not be handed over; to be tried again then.
    resting: HashMap<EventId, Instant>,
    /// The table may hold events that are neither on their way nor given soon.
    has_more: bool,
    /// It does hold some, for which there was no place yet.
    has_left: bool,
    /// Handed over, but still in the table; to be taken out then.
    uncleared: HashSet<EventId>,
    clear_at: Instant,
    /// What was handed over could not be taken out.
    is_stuck: bool,
    /// Could not read or write the table.
    trouble: Repeated,
    /// Could not hand over.
    not_taken: Arc<Repeated>,
}

/// How one event's way ended.
struct Delivery {
    id: EventId,
    delivered: bool,
}

impl Relay {
    /// A relay from `journal` to `bus`.
    #[must_use]
    pub fn new(
        journal: Journal,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
        options: RelayOptions,
    ) -> Self {
        Self {
            journal,
            bus,
            clock,
            options,
            in_flight: HashSet::new(),
            deliveries: JoinSet::new(),
            held: HashSet::new(),
            resting: HashMap::new(),
            has_more: true,
            has_left: false,
            uncleared: HashSet::new(),
            clear_at: Instant::now(),
            is_stuck: false,
            trouble: Repeated::every(SAY_EVERY),
            not_taken: Arc::new(Repeated::every(SAY_EVERY)),
        }
    }

    /// Runs until `stop`; then waits for what is on its way.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut commits = self.journal.commits();
        let mut poll = tokio::time::interval(self.options.poll);
        let mut forget = tokio::time::interval(self.options.forget_every);
        forget.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut renew = tokio::time::interval(Claims::RENEW_EVERY);
        // bounded: by `stop`
        loop {
            commits.mark_unchanged();
            self.read_if_needed().await;
            self.take_fresh();
            self.journal.fresh.room.note(|traffic| {
                traffic.under_way = self.in_flight.len();
                traffic.has_left = self.has_left;
            });
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                _ = forget.tick() => {
                    let memory = self.options.inbox_memory;
                    let forgotten = forget_old(&self.journal, self.clock.now(), memory).await;
                    if matches!(forgotten, Ok(false)) {
                        forget.reset_after(self.options.forget_every * FORGET_RESTS);
                    }
                    self.log(forgotten.map(drop), "forget what is old");
                }
                _ = poll.tick() => self.has_more = true,
                _ = renew.tick(), if self.journal.claims.is_some() => {
                    let renewed = self.renew_claims().await;
                    self.log(renewed, "renew its claims");
                }
                () = tokio::time::sleep_until(self.clear_at), if !self.uncleared.is_empty() => {
                    self.clear().await;
                }
                Some(first) = self.deliveries.join_next() => self.finish(first).await,
                _ = commits.changed() => {}
            }
        }
        while let Some(first) = self.deliveries.join_next().await {
            self.finish(first).await;
        }
        self.clear().await;
        if let Some(claims) = self.journal.claims {
            let released = claims.release(&self.journal).await;
            self.log(released, "release its claims");
        }
    }

    /// What could not be done now is done at the next look; the table still holds it.
    fn log(&self, result: Result<(), StoreError>, what: &str) {
        if let Err(error) = result
            && let Some(kept_back) = self.trouble.say()
        {
            tracing::warn!(%error, kept_back, "The relay could not {what}");
        }
    }

    /// Starts to deliver what was committed here, up to the limit; not while the table is to be
    /// read, which waits until less is on its way.
    fn take_fresh(&mut self) {
        let mut is_late = false;
        while !self.has_more
            && self.in_flight.len() < self.options.in_flight_max
            && let Some(envelope) = self.journal.fresh.take()
        {
            // it has waited so long that another process may have claimed it
            if self.journal.claims.is_some() && !Claims::is_fresh(envelope.time, self.clock.now()) {
                is_late = true;
                continue;
            }
            let id = envelope.id;
            self.in_flight.insert(id);
            self.deliver(id, Ok(envelope));
        }
        self.has_more |= is_late;
        self.has_left |= is_late;
    }

    /// While more than half of what may be on its way is, it doesn't read: it would read the same
    /// rows again for each event that has arrived.
    async fn read_if_needed(&mut self) {
        self.has_more |= self.journal.fresh.has_missed();
        if self.has_more && self.in_flight.len() <= self.options.in_flight_max / 2 {
            // unless it says otherwise: what fails is tried again with the next tick
            self.has_more = false;
            self.journal.fresh.forget_missed();
            let read = self.read_waiting().await;
            if let Ok(has_left) = read {
                self.has_left = has_left;
                self.has_more = has_left;
            }
            self.log(read.map(drop), "read the outbox");
        }
    }

    /// Starts to deliver what waits in the table, up to the limit. Answers whether there was no
    /// place for some of it.
    async fn read_waiting(&mut self) -> Result<bool, StoreError> {
        let now = Instant::now();
        self.resting.retain(|_, until| *until > now);
        let mut after = Uuid::nil();
        for _ in 0..PAGES_MAX {
            let page = self.read_page(after).await?;
            after = page.last;
            for row in &page.rows {
                let id: EventId = row.get(0)?;
                if !self.is_new(id) {
                    continue;
                }
                if self.in_flight.len() >= self.options.in_flight_max {
                    return Ok(true);
                }
                self.in_flight.insert(id);
                self.deliver(id, read_envelope(row));
            }
            if page.has_left {
                return Ok(true);
            }
            if page.read < PAGE {
                break;
            }
        }
        Ok(false)
    }

    /// What waits after `after`, and is this process's to deliver.
    async fn read_page(&self, after: Uuid) -> Result<Page, StoreError> {
        if let Some(claims) = self.journal.claims {
            let room = self.options.in_flight_max.saturating_sub(self.in_flight.len());
            let wanted = |id| self.is_new(id);
            return claims.take(&self.journal, self.clock.now(), after, (PAGE, room), wanted).await;
        }
        let rows = self.journal.query(WAITING, params![after, PAGE as i64]).await?;
        let last = rows.last().map(|row| row.get(0)).transpose()?.unwrap_or(after);
        Ok(Page { last, read: rows.len(), rows, has_left: false })
    }

    /// Keeps claimed what is still on its way since the last time.
    async fn renew_claims(&mut self) -> Result<(), StoreError> {
        let held: HashSet<EventId> = std::mem::take(&mut self.held);
        self.held = self.in_flight.clone();
        let Some(claims) = self.journal.claims else {
            return Ok(());
        };
        let held = held.into_iter().filter(|id| self.in_flight.contains(id));
        claims.renew(&self.journal, held, self.clock.now()).await
    }

    fn is_new(&self, id: EventId) -> bool {
        !self.in_flight.contains(&id)
            && !self.resting.contains_key(&id)
            && !self.uncleared.contains(&id)
            && !self.journal.fresh.is_expected(id)
    }

    fn deliver(&mut self, id: EventId, envelope: Result<Envelope, StoreError>) {
        let (bus, not_taken) = (Arc::clone(&self.bus), Arc::clone(&self.not_taken));
        self.deliveries.spawn(async move {
            let mut span = span_of(envelope.as_ref().ok());
            let publishing = async {
                let published = AssertUnwindSafe(publish(&*bus, envelope)).catch_unwind().await;
                let published = published.unwrap_or_else(|_| Err("the bus panicked".to_owned()));
                if let Err(reason) = &published
                    && let Some(kept_back) = not_taken.say()
                {
                    tracing::warn!(event.id = %id, reason, kept_back,
                        "An event could not be handed over yet");
                }
                published.is_ok()
            };
            let delivered = span.scope(publishing).await;
            if !delivered {
                span.fail();
            }
            Delivery { id, delivered }
        });
    }

    /// Takes in `first` and whatever else has ended meanwhile.
    async fn finish(&mut self, first: Result<Delivery, JoinError>) {
        let mut done: Vec<Delivery> = first.into_iter().collect();
        while let Some(next) = self.deliveries.try_join_next() {
            done.extend(next);
        }
        let now = Instant::now();
        if self.uncleared.is_empty() {
            self.clear_at = now + CLEAR_EVERY;
        }
        let rested = now + self.options.pause_after_failure;
        if done.iter().any(|delivery| delivery.delivered) {
            self.journal.fresh.room.note(|traffic| traffic.delivered_at = Some(now));
        }
        for Delivery { id, delivered } in done {
            self.in_flight.remove(&id);
            if delivered {
                self.uncleared.insert(id);
            } else {
                self.resting.insert(id, rested);
            }
        }
        let is_time = self.uncleared.len() >= CLEARED_TOGETHER || self.journal.is_awaited();
        if is_time && !self.is_stuck {
            self.clear().await;
        }
    }

    /// Takes what was delivered out of the table, in one write. What can't be written now is not
    /// delivered again meanwhile, and is taken out with the next ones.
    async fn clear(&mut self) {
        if self.uncleared.is_empty() {
            return;
        }
        let mut ids: Vec<EventId> = self.uncleared.iter().copied().collect();
        // two processes that write the same rows do it in the same order
        if self.journal.claims.is_some() {
            ids.sort_unstable();
        }
        let batch = match self.journal.engine() {
            Engine::Sqlite => {
                ids.iter().map(|id| Statement::new(DELIVERED, params![*id])).collect()
            }
            Engine::Postgres => {
                let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
                vec![Statement::new(ALL_DELIVERED, params![ids.join(",")])]
            }
        };
        let cleared = self.journal.clear(batch).await;
        self.is_stuck = cleared.is_err();
        if self.is_stuck {
            self.clear_at = Instant::now() + self.options.poll;
        } else {
            self.uncleared.clear();
        }
        self.log(cleared, "clear the outbox");
    }
}

/// The delivery's place in the trace that the event's row carries.
fn span_of(envelope: Option<&Envelope>) -> Span {
    let traceparent = envelope.and_then(|envelope| envelope.traceparent.as_deref());
    let mut span = Span::of_event(Kind::Producer, "deliver", traceparent);
    if let Some(envelope) = envelope {
        span.rename(|| format!("deliver {}", envelope.kind));
        span.note("messaging.message.id", envelope.id);
    }
    span
}

async fn publish(bus: &dyn Bus, envelope: Result<Envelope, StoreError>) -> Result<(), String> {
    let envelope = envelope.map_err(|error| error.to_string())?;
    bus.publish(Arc::new(envelope)).await.map_err(|error| error.to_string())
}

fn read_envelope(row: &Row) -> Result<Envelope, StoreError> {
    let json: String = row.get(1)?;
    serde_json::from_str(&json).map_err(|error| StoreError::Failed { reason: error.to_string() })
}
