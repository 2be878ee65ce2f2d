//! The context over an empty database, and every way its events may be delivered.

use std::sync::Arc;

use bus::Consumer;
use events::Envelope;
use kernel::{Currency, SystemClock};
use outbox::Journal;
use store::Engine;
use testkit::{Everybody, TestPlace, TestStore};
use tickets::Tickets;

/// The context, and what hands it events.
pub(crate) struct World {
    pub(crate) tickets: Tickets,
    consumer: Arc<dyn Consumer>,
    _place: Option<TestPlace>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::on(testkit::engine()).await
    }

    /// The context over an empty database of this engine.
    pub(crate) async fn on(engine: Engine) -> Self {
        let migrations = [outbox::MIGRATIONS, tickets::MIGRATIONS].concat();
        let TestStore { store, place } = TestStore::on(engine, &migrations).await;
        Self { _place: Some(place), ..Self::over(Journal::new(store)) }
    }

    /// The context over this database.
    pub(crate) fn over(journal: Journal) -> Self {
        let tickets = Tickets {
            journal,
            sessions: Arc::new(Everybody),
            permissions: Arc::new(Everybody),
            clock: SystemClock::shared(),
            currency: Currency::Eur,
        };
        let consumer = tickets::subscription(&tickets).consumer;
        Self { tickets, consumer, _place: None }
    }

    /// Delivers these of `history`; none may be refused.
    pub(crate) async fn deliver(&self, history: &[Arc<Envelope>], deliveries: &[usize]) {
        for event in deliveries {
            self.consumer.consume(Arc::clone(&history[*event])).await.unwrap();
        }
    }
}
