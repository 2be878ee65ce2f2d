//! The context over a database in memory, and every way its events may be delivered.

use std::sync::Arc;

use bus::Consumer;
use events::Envelope;
use kernel::{Currency, SystemClock};
use outbox::Journal;
use store::{Location, Store};
use testkit::Everybody;
use tickets::{ChangedBy, Showcase, Tickets};

/// The context, and what hands it events.
pub(crate) struct World {
    pub(crate) tickets: Tickets,
    consumer: Arc<dyn Consumer>,
}

impl World {
    pub(crate) fn new() -> Self {
        let migrations = [outbox::MIGRATIONS, tickets::MIGRATIONS].concat();
        Self::over(Journal::new(Store::open(Location::Memory, &migrations).unwrap()))
    }

    /// The context over this database.
    pub(crate) fn over(journal: Journal) -> Self {
        let tickets = Tickets {
            journal,
            sessions: Arc::new(Everybody),
            permissions: Arc::new(Everybody),
            clock: SystemClock::shared(),
            showcase: Showcase::new(ChangedBy::Us),
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
