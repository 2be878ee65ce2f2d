//! The relay: carries what the outbox holds to the bus. It wakes on a hint and repairs by
//! polling; the table is the truth. A row goes only after its publish was confirmed, so a crash
//! delivers it once more rather than never.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use events::Envelope;
use futures_util::FutureExt;
use kernel::{Clock, EventId};
use store::{Row, Statement, StoreError, params};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::journal::Journal;

const WAITING: &str = "select id, envelope from outbox order by id limit ?1";
const DELIVERED: &str = "delete from outbox where id = ?1";
const FORGET: &str = "delete from inbox where event_id in
     (select event_id from inbox where seen_at < ?1 limit 1000)";

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
}

impl Default for RelayOptions {
    fn default() -> Self {
        Self {
            in_flight_max: 256,
            poll: Duration::from_millis(500),
            pause_after_failure: Duration::from_secs(1),
            inbox_memory: Duration::from_secs(7 * 24 * 3600),
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
        let (in_flight, deliveries) = (HashSet::new(), JoinSet::new());
        Self { journal, bus, clock, options, in_flight, deliveries }
    }

    /// Runs until `stop`; then waits for what is on its way.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut commits = self.journal.commits();
        let mut poll = tokio::time::interval(self.options.poll);
        let mut forget = tokio::time::interval(Duration::from_secs(60));
        // bounded: by `stop`
        loop {
            commits.mark_unchanged();
            log(self.take_waiting().await, "read the outbox");
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(first) = self.deliveries.join_next() => {
                    log(self.finish(first).await, "clear the outbox");
                }
                _ = commits.changed() => {}
                _ = forget.tick() => log(self.forget_old().await, "clear the inbox"),
                _ = poll.tick() => {}
            }
        }
        while let Some(first) = self.deliveries.join_next().await {
            log(self.finish(first).await, "clear the outbox");
        }
    }

    /// Starts to deliver what waits, up to the limit.
    async fn take_waiting(&mut self) -> Result<(), StoreError> {
        if self.in_flight.len() >= self.options.in_flight_max {
            return Ok(());
        }
        let limit = i64::try_from(self.options.in_flight_max).unwrap_or(i64::MAX);
        for row in self.journal.query(WAITING, params![limit]).await? {
            let id: EventId = row.get(0)?;
            if self.in_flight.insert(id) {
                self.deliver(id, read_envelope(&row));
            }
        }
        Ok(())
    }

    fn deliver(&mut self, id: EventId, envelope: Result<Envelope, StoreError>) {
        let bus = Arc::clone(&self.bus);
        let pause = self.options.pause_after_failure;
        self.deliveries.spawn(async move {
            let published = AssertUnwindSafe(publish(&*bus, envelope)).catch_unwind().await;
            let published = published.unwrap_or_else(|_| Err("a consumer panicked".to_owned()));
            if let Err(reason) = &published {
                tracing::warn!(event.id = %id, reason, "An event could not be handed over");
                rest(pause).await;
            }
            Delivery { id, delivered: published.is_ok() }
        });
    }

    /// Clears `first` and whatever else was delivered meanwhile, in one write. What was not
    /// delivered stays in the table and is taken again.
    async fn finish(&mut self, first: Result<Delivery, JoinError>) -> Result<(), StoreError> {
        let mut done: Vec<Delivery> = first.into_iter().collect();
        while let Some(next) = self.deliveries.try_join_next() {
            done.extend(next);
        }
        let delivered = done.iter().filter(|delivery| delivery.delivered);
        let batch: Vec<_> = delivered.map(|it| Statement::new(DELIVERED, params![it.id])).collect();
        let cleared = if batch.is_empty() { Ok(()) } else { self.journal.store.apply(batch).await };
        for delivery in &done {
            self.in_flight.remove(&delivery.id);
        }
        cleared
    }

    async fn forget_old(&self) -> Result<(), StoreError> {
        let before = self.clock.now().minus(self.options.inbox_memory);
        self.journal.store.apply(vec![Statement::new(FORGET, params![before])]).await
    }
}

/// What could not be done now is done at the next look; the table still holds it.
fn log(result: Result<(), StoreError>, what: &str) {
    if let Err(error) = result {
        tracing::warn!(%error, "The relay could not {what}");
    }
}

async fn publish(bus: &dyn Bus, envelope: Result<Envelope, StoreError>) -> Result<(), String> {
    let envelope = envelope.map_err(|error| error.to_string())?;
    bus.publish(Arc::new(envelope)).await.map_err(|error| error.to_string())
}

fn read_envelope(row: &Row) -> Result<Envelope, StoreError> {
    let json: String = row.get(1)?;
    serde_json::from_str(&json).map_err(|error| StoreError::Failed { reason: error.to_string() })
}

#[expect(clippy::disallowed_methods, reason = "the pause between two tries is the point")]
async fn rest(pause: Duration) {
    tokio::time::sleep(pause).await;
}
