//! The relay: carries what the outbox holds to the bus. It wakes on a hint and repairs by
//! polling; the table is the truth. A row goes only after its publish was confirmed, so a crash
//! delivers it once more rather than never.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use events::Envelope;
use futures_util::FutureExt;
use kernel::{Clock, EventId};
use store::{Row, Statement, StoreError, params};
use telemetry::Repeated;
use telemetry::span::{Kind, Span};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::answers::forgotten_at;
use crate::journal::Journal;

const WAITING: &str = "select id, envelope from outbox where id > ?1 order by id limit ?2";
const DELIVERED: &str = "delete from outbox where id = ?1";
/// How often the log says that something doesn't work yet, while that is so.
const SAY_EVERY: Duration = Duration::from_secs(60);

const FORGET_SEEN: &str = "delete from inbox where event_id in
     (select event_id from inbox where seen_at < ?1 limit 1000)";
const OLD_SEEN: &str = "select event_id from inbox where seen_at < ?1 limit 1";
const FORGET_ANSWERS: &str = "delete from idempotency_keys where (caller, key) in
     (select caller, key from idempotency_keys where created_at <= ?1 limit 1000)";
const OLD_ANSWER: &str = "select caller from idempotency_keys where created_at <= ?1 limit 1";

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
    /// How often it forgets up to 1000 of what is older, and up to 1000 expired answers.
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
    /// Could not be handed over; to be tried again then.
    resting: HashMap<EventId, Instant>,
    /// Handed over, but still in the table because that could not be written.
    uncleared: HashSet<EventId>,
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
            resting: HashMap::new(),
            uncleared: HashSet::new(),
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
        // bounded: by `stop`
        loop {
            commits.mark_unchanged();
            let taken = self.take_waiting().await;
            self.log(taken, "read the outbox");
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                _ = forget.tick() => {
                    let forgotten = self.forget_old().await;
                    self.log(forgotten, "forget what is old");
                }
                _ = poll.tick() => {
                    let cleared = self.clear(Vec::new()).await;
                    self.log(cleared, "clear the outbox");
                }
                Some(first) = self.deliveries.join_next() => {
                    let cleared = self.finish(first).await;
                    self.log(cleared, "clear the outbox");
                }
                _ = commits.changed() => {}
            }
        }
        while let Some(first) = self.deliveries.join_next().await {
            let cleared = self.finish(first).await;
            self.log(cleared, "clear the outbox");
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

    /// Starts to deliver what waits, up to the limit. While more than half of that is on its way
    /// it doesn't look: it would read the same rows again for each event that has arrived.
    async fn take_waiting(&mut self) -> Result<(), StoreError> {
        if self.in_flight.len() > self.options.in_flight_max / 2 {
            return Ok(());
        }
        let now = Instant::now();
        self.resting.retain(|_, until| *until > now);
        let mut after = Uuid::nil();
        for _ in 0..PAGES_MAX {
            if self.in_flight.len() >= self.options.in_flight_max {
                return Ok(());
            }
            let page = self.journal.query(WAITING, params![after, PAGE as i64]).await?;
            for row in &page {
                let id: EventId = row.get(0)?;
                after = id.as_uuid();
                if self.in_flight.len() < self.options.in_flight_max && self.is_new(id) {
                    self.in_flight.insert(id);
                    self.deliver(id, read_envelope(row));
                }
            }
            if page.len() < PAGE {
                return Ok(());
            }
        }
        Ok(())
    }

    fn is_new(&self, id: EventId) -> bool {
        !self.in_flight.contains(&id)
            && !self.resting.contains_key(&id)
            && !self.uncleared.contains(&id)
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
    async fn finish(&mut self, first: Result<Delivery, JoinError>) -> Result<(), StoreError> {
        let mut done: Vec<Delivery> = first.into_iter().collect();
        while let Some(next) = self.deliveries.try_join_next() {
            done.extend(next);
        }
        let rested = Instant::now() + self.options.pause_after_failure;
        let mut delivered = Vec::with_capacity(done.len());
        for Delivery { id, delivered: ok } in done {
            self.in_flight.remove(&id);
            if ok {
                delivered.push(id);
            } else {
                self.resting.insert(id, rested);
            }
        }
        self.clear(delivered).await
    }

    /// Takes what was delivered out of the table, in one write. What can't be written now is not
    /// delivered again meanwhile, and is taken out with the next ones.
    async fn clear(&mut self, delivered: Vec<EventId>) -> Result<(), StoreError> {
        self.uncleared.extend(delivered);
        if self.uncleared.is_empty() {
            return Ok(());
        }
        let rows = self.uncleared.iter();
        let batch = rows.map(|id| Statement::new(DELIVERED, params![*id])).collect();
        self.journal.clear(batch).await?;
        self.uncleared.clear();
        Ok(())
    }

    /// Looks first: most of the time there is nothing to forget.
    async fn forget_old(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let seen = (OLD_SEEN, FORGET_SEEN, now.minus(self.options.inbox_memory));
        let answers = (OLD_ANSWER, FORGET_ANSWERS, forgotten_at(now));
        for (is_old, forget, before) in [seen, answers] {
            if !self.journal.query(is_old, params![before]).await?.is_empty() {
                self.journal.store.apply(vec![Statement::new(forget, params![before])]).await?;
            }
        }
        Ok(())
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
