//! The context over an empty database, and every way its events may be delivered.

use std::sync::Arc;
use std::time::Duration;

use bus::Consumer;
use events::{Envelope, PaymentStatus, Ticket, TicketCreated, TicketStatus};
use kernel::{
    Clock, Currency, EventId, MajorUnits, OrderId, PaymentId, TicketId, Timestamp, UserId, Version,
};
use orders::Orders;
use orders::domain::Order;
use outbox::{Journal, Remember};
use store::{Store, params};
use testkit::{Everybody, ManualClock, TestPlace, TestStore, sealed};

/// How long a buyer has to pay.
pub(crate) const WINDOW: Duration = Duration::from_secs(900);

const TOLD: &str = "select json(envelope) ->> 'type' from outbox where id > ?1 order by id";

/// The context, and what hands it events.
pub(crate) struct World {
    pub(crate) orders: Orders,
    pub(crate) clock: Arc<ManualClock>,
    consumer: Arc<dyn Consumer>,
    _place: TestPlace,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Journal::new).await
    }

    /// The context over what `journal` makes of an empty database.
    pub(crate) async fn with(journal: impl FnOnce(Store) -> Journal) -> Self {
        let migrations = [outbox::MIGRATIONS, orders::MIGRATIONS].concat();
        let TestStore { store, place } = TestStore::on(testkit::engine(), &migrations).await;
        let clock = ManualClock::started();
        let orders = Orders {
            journal: journal(store),
            sessions: Arc::new(Everybody),
            permissions: Arc::new(Everybody),
            clock: clock.clone(),
            expiration_window: WINDOW,
        };
        let consumer = orders::subscription(&orders).consumer;
        Self { orders, clock, consumer, _place: place }
    }

    /// Delivers an event; it may not be refused.
    pub(crate) async fn deliver(&self, envelope: &Arc<Envelope>) {
        self.consumer.consume(Arc::clone(envelope)).await.unwrap();
    }

    /// Delivers these of `history`.
    pub(crate) async fn deliver_all(&self, history: &[Arc<Envelope>], deliveries: &[usize]) {
        for event in deliveries {
            self.deliver(&history[*event]).await;
        }
    }

    /// Somebody reserves a ticket that was just listed.
    pub(crate) async fn placed(&self) -> Order {
        let ticket = ticket(self.clock.now());
        let (id, buyer) = (ticket.id, UserId::generate());
        self.deliver(&sealed(TicketCreated(ticket))).await;
        let permit = ory::permit(&Everybody, buyer, id).await.unwrap();
        self.orders.place_order(permit, Remember::NOTHING).await.unwrap()
    }

    /// The buyer gives the ticket back, if it isn't sold.
    pub(crate) async fn give_back(&self, order: &Order) -> Result<Order, orders::Error> {
        let permit = ory::permit(&Everybody, order.buyer, order.id).await.unwrap();
        self.orders.cancel_order(permit).await
    }

    pub(crate) async fn find(&self, id: OrderId) -> Order {
        self.orders.find_order(id).await.unwrap()
    }

    /// The types of the events told since `before`, oldest first.
    pub(crate) async fn told_since(&self, before: EventId) -> Vec<String> {
        let rows = self.orders.journal.query(TOLD, params![before]).await.unwrap();
        rows.iter().map(|row| row.get(0).unwrap()).collect()
    }
}

/// A ticket on sale.
pub(crate) fn ticket(listed_at: Timestamp) -> Ticket {
    Ticket {
        id: TicketId::generate(),
        title: "Nick Cave".to_owned(),
        description: None,
        price: MajorUnits::parse("19.99").unwrap(),
        currency: Currency::Eur,
        version: Version::INITIAL,
        user_id: UserId::generate(),
        status: TicketStatus::Approved,
        order_id: None,
        reserved_until: None,
        created_at: listed_at,
        updated_at: listed_at,
    }
}

/// A payment for `order`, as it is told when it comes to be `status`.
pub(crate) fn payment(id: PaymentId, order: &Order, status: PaymentStatus) -> events::Payment {
    let version = match status {
        PaymentStatus::Pending => 0,
        PaymentStatus::Authorized | PaymentStatus::Failed | PaymentStatus::Voided => 1,
        PaymentStatus::Captured => 2,
        PaymentStatus::Refunded => 3,
    };
    events::Payment {
        id,
        order_id: order.id,
        stripe_id: None,
        version: Version::new(version),
        status,
        amount: order.ticket.price,
        currency: order.ticket.currency,
    }
}
