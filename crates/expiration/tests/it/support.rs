//! The context over a database in memory, and every way its events may be delivered.

use std::sync::Arc;
use std::time::Duration;

use bus::Consumer;
use events::{Envelope, Order, OrderStatus, TicketInOrder};
use expiration::Expiration;
use kernel::{Currency, EventId, MajorUnits, OrderId, TicketId, Timestamp, UserId, Version};
use outbox::Journal;
use store::params;
use testkit::{ManualClock, TestPlace, TestStore};
use tokio_util::sync::CancellationToken;

/// How long a buyer has to pay.
pub(crate) const WINDOW: Duration = Duration::from_secs(900);

const TIMER: &str = "select status, fires_at from timers where order_id = ?1";

const TOLD: &str = "select count(*) from outbox where id > ?1
     and json(envelope) ->> 'type' = 'expiration:complete'";

/// The context, and what hands it events.
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    expiration: Expiration,
    consumer: Arc<dyn Consumer>,
    _place: TestPlace,
}

impl World {
    pub(crate) async fn new() -> Self {
        let migrations = [outbox::MIGRATIONS, expiration::MIGRATIONS].concat();
        let TestStore { store, place } = TestStore::on(testkit::engine(), &migrations).await;
        let clock = ManualClock::started();
        let journal = Journal::new(store);
        let expiration = Expiration::with_rows(journal, clock.clone());
        let consumer = expiration::subscription(&expiration).consumer;
        Self { clock, expiration, consumer, _place: place }
    }

    /// Delivers an event; it may not be refused.
    pub(crate) async fn deliver(&self, envelope: &Arc<Envelope>) {
        self.consumer.consume(Arc::clone(envelope)).await.unwrap();
    }

    /// Fires what is due now: told to stop at once, it still looks before it does.
    pub(crate) async fn fire(&self) {
        let stop = CancellationToken::new();
        stop.cancel();
        expiration::fire(self.expiration.clone(), stop).await;
    }

    /// Forgets what is old now, once.
    pub(crate) async fn forget(&self) {
        let stop = CancellationToken::new();
        stop.cancel();
        expiration::forget(self.expiration.clone(), stop).await;
    }

    /// The timer of an order, if there is one: its status, and when it fires.
    pub(crate) async fn timer(&self, id: OrderId) -> Option<(String, Timestamp)> {
        let rows = self.expiration.journal.query(TIMER, params![id]).await.unwrap();
        rows.first().map(|row| (row.get(0).unwrap(), row.get(1).unwrap()))
    }

    /// How often orders was told since `before` that the time to pay is over.
    pub(crate) async fn told_since(&self, before: EventId) -> i64 {
        let rows = self.expiration.journal.query(TOLD, params![before]).await.unwrap();
        rows[0].get(0).unwrap()
    }
}

/// An order as orders tells it when it was just placed.
pub(crate) fn placed(at: Timestamp) -> Order {
    Order {
        id: OrderId::generate(),
        ticket: TicketInOrder {
            id: TicketId::generate(),
            title: "Nick Cave".to_owned(),
            price: MajorUnits::parse("19.99").unwrap(),
            currency: Currency::Eur,
            version: Version::INITIAL,
        },
        user_id: UserId::generate(),
        status: OrderStatus::Created,
        expires_at: at.plus(WINDOW),
        version: Version::INITIAL,
        created_at: at,
        updated_at: at,
        cancel_reason: None,
    }
}
