//! The context over an empty database, and every way its events may be delivered.

use std::sync::Arc;
use std::time::Duration;

use bus::Consumer;
use events::{
    CancelReason, Envelope, Order, OrderCancelled, OrderCompleted, OrderStatus, TicketInOrder,
};
use kernel::{Currency, MajorUnits, OrderId, TicketId, Timestamp, UserId, Version};
use outbox::Journal;
use payments::{CardGateway, Hints, Payments};
use store::Engine;
use testkit::{Everybody, ManualClock, TestPlace, TestStore, sealed};
use tokio::runtime::{Builder, Runtime};

/// How long a buyer has to pay.
pub(crate) const WINDOW: Duration = Duration::from_secs(900);

/// The context, with nobody who takes its hints.
pub(crate) async fn payments(
    engine: Engine,
    gateway: Arc<dyn CardGateway>,
    clock: Arc<ManualClock>,
) -> (Payments, TestPlace) {
    let migrations = [outbox::MIGRATIONS, payments::MIGRATIONS].concat();
    let TestStore { store, place } = TestStore::on(engine, &migrations).await;
    let (hints, _not_taken) = Hints::channel();
    let payments = Payments {
        journal: Journal::new(store),
        sessions: Arc::new(Everybody),
        permissions: Arc::new(Everybody),
        clock,
        gateway,
        hints,
        patience: Duration::ZERO,
    };
    (payments, place)
}

/// Delivers an event; it may not be refused.
pub(crate) async fn deliver(consumer: &dyn Consumer, envelope: &Arc<Envelope>) {
    consumer.consume(Arc::clone(envelope)).await.unwrap();
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

/// The order, cancelled at this version.
pub(crate) fn cancelled(order: &Order, version: u32) -> Arc<Envelope> {
    sealed(OrderCancelled(Order {
        status: OrderStatus::Cancelled,
        version: Version::new(version),
        cancel_reason: Some(CancelReason::Buyer),
        ..order.clone()
    }))
}

/// The order, complete.
pub(crate) fn completed(order: &Order) -> Arc<Envelope> {
    let (status, version) = (OrderStatus::Complete, Version::new(2));
    sealed(OrderCompleted(Order { status, version, ..order.clone() }))
}

/// A runtime on which a pause takes no time.
pub(crate) fn paused_runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}
