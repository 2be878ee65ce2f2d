//! Expiration with its timers in Redis, fed with the events of orders.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bus::{Consumer, Failure};
use events::{
    CancelReason, Envelope, Order, OrderCancelled, OrderCreated, OrderStatus, TicketInOrder,
};
use expiration::Expiration;
use kernel::{Clock, Currency, EventId, MajorUnits, OrderId, TicketId, Timestamp, UserId, Version};
use outbox::Journal;
use redis_kit::{Redis, RedisTimers, TimerOptions};
use store::{Location, Store, params};
use testkit::sealed;
use tokio_util::sync::CancellationToken;

/// How long a buyer has to pay.
pub(crate) const WINDOW: Duration = Duration::from_secs(900);

const TOLD: &str = "select count(*) from outbox
     where id > ?1 and envelope ->> 'type' = 'expiration:complete'";

const SUBJECTS: &str = "select envelope ->> 'subject' from outbox
     where envelope ->> 'type' = 'expiration:complete'";

/// A worker: the context over a database in memory.
pub(crate) struct World {
    pub(crate) expiration: Expiration,
    pub(crate) timers: RedisTimers,
    consumer: Arc<dyn Consumer>,
}

impl World {
    pub(crate) fn new(redis: Redis, clock: Arc<dyn Clock>) -> Self {
        let migrations = [outbox::MIGRATIONS, expiration::MIGRATIONS].concat();
        let journal = Journal::new(Store::open(Location::Memory, &migrations).unwrap());
        let timers = RedisTimers::new(redis, TimerOptions::default());
        let expiration = Expiration { journal, clock, timers: Arc::new(timers.clone()) };
        let consumer = expiration::subscription(&expiration).consumer;
        Self { expiration, timers, consumer }
    }

    pub(crate) async fn deliver(&self, envelope: &Arc<Envelope>) -> Result<(), Failure> {
        self.consumer.consume(Arc::clone(envelope)).await
    }

    /// Fires what is due now: told to stop at once, it still looks before it does.
    pub(crate) async fn fire(&self) {
        let stop = CancellationToken::new();
        stop.cancel();
        expiration::fire(self.expiration.clone(), stop).await;
    }

    /// How often orders was told since `before` that the time to pay is over.
    pub(crate) async fn told_since(&self, before: EventId) -> i64 {
        let rows = self.expiration.journal.query(TOLD, params![before]).await.unwrap();
        rows[0].get(0).unwrap()
    }

    /// The orders of which orders was told.
    pub(crate) async fn told(&self) -> HashSet<String> {
        let rows = self.expiration.journal.scan(SUBJECTS, []).await.unwrap();
        rows.iter().map(|row| row.get(0).unwrap()).collect()
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

pub(crate) fn created(order: &Order) -> Arc<Envelope> {
    sealed(OrderCreated(order.clone()))
}

pub(crate) fn cancelled(order: &Order) -> Arc<Envelope> {
    sealed(OrderCancelled(Order {
        status: OrderStatus::Cancelled,
        version: order.version.next(),
        cancel_reason: Some(CancelReason::Buyer),
        ..order.clone()
    }))
}
