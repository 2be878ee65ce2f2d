//! The context over a database in memory, and every way its events may be delivered.

use std::iter::repeat_n;
use std::sync::Arc;

use async_trait::async_trait;
use bus::Consumer;
use events::{Envelope, Event};
use kernel::{Clock, Currency, EventId, SystemClock};
use ory::{Object, Permissions, PortError, Query, Sessions, SignedIn, Tuple};
use outbox::Journal;
use proptest::collection::vec;
use proptest::prelude::*;
use store::{Location, Store};
use tickets::Tickets;
use tokio::runtime::{Builder, Runtime};

/// The context, and what hands it events.
pub(crate) struct World {
    pub(crate) tickets: Tickets,
    consumer: Arc<dyn Consumer>,
}

impl World {
    pub(crate) fn new() -> Self {
        let migrations = [outbox::MIGRATIONS, tickets::MIGRATIONS].concat();
        let tickets = Tickets {
            journal: Journal::new(Store::open(Location::Memory, &migrations).unwrap()),
            sessions: Arc::new(Everybody),
            permissions: Arc::new(Everybody),
            clock: SystemClock::shared(),
            currency: Currency::Eur,
        };
        let consumer = tickets::subscription(&tickets).consumer;
        Self { tickets, consumer }
    }

    /// Delivers these of `history`; none may be refused.
    pub(crate) async fn deliver(&self, history: &[Arc<Envelope>], deliveries: &[usize]) {
        for event in deliveries {
            self.consumer.consume(Arc::clone(&history[*event])).await.unwrap();
        }
    }
}

/// The event as its sender stored it: a repeat carries the same id.
pub(crate) fn sealed(event: impl Into<Event>) -> Arc<Envelope> {
    let envelope = event.into().seal(EventId::generate(), SystemClock.now(), None);
    Arc::new(envelope.unwrap())
}

/// Every way to deliver `count` events: each once to three times, in any order.
pub(crate) fn deliveries(count: usize) -> impl Strategy<Value = Vec<usize>> {
    vec(1..=3_usize, count).prop_flat_map(|times| {
        let repeated = times.into_iter().enumerate();
        let all: Vec<_> = repeated.flat_map(|(event, times)| repeat_n(event, times)).collect();
        Just(all).prop_shuffle()
    })
}

pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// Everybody may do everything, and nobody is signed in.
struct Everybody;

#[async_trait]
impl Sessions for Everybody {
    async fn whoami(&self, _token: &str) -> Result<Option<SignedIn>, PortError> {
        Ok(None)
    }
}

#[async_trait]
impl Permissions for Everybody {
    async fn check(&self, _query: &Query) -> Result<bool, PortError> {
        Ok(true)
    }

    async fn write(&self, _tuples: &[Tuple]) -> Result<(), PortError> {
        Ok(())
    }

    async fn delete(&self, _tuples: &[Tuple]) -> Result<(), PortError> {
        Ok(())
    }

    async fn list(&self, _object: &Object, _relation: &str) -> Result<Vec<Tuple>, PortError> {
        Ok(Vec::new())
    }
}
