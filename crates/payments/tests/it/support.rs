//! The context over a database in memory, and every way its events may be delivered.

use std::iter::repeat_n;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bus::Consumer;
use events::{
    CancelReason, Envelope, Event, Order, OrderCancelled, OrderCompleted, OrderStatus,
    TicketInOrder,
};
use kernel::{
    Clock, Currency, EventId, MajorUnits, OrderId, SystemClock, TicketId, Timestamp, UserId,
    Version,
};
use ory::{Object, Permissions, PortError, Query, Sessions, SignedIn, Tuple};
use outbox::Journal;
use payments::{CardGateway, Hints, Payments};
use proptest::collection::vec;
use proptest::prelude::*;
use store::{Location, Store};
use tokio::runtime::{Builder, Runtime};

/// How long a buyer has to pay.
pub(crate) const WINDOW: Duration = Duration::from_secs(900);

/// A clock that stands still until it is moved.
pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    pub(crate) fn started() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(SystemClock.now().as_micros())))
    }

    pub(crate) fn advance(&self, span: Duration) {
        self.0.fetch_add(i64::try_from(span.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// The context, with nobody who takes its hints.
pub(crate) fn payments(gateway: Arc<dyn CardGateway>, clock: Arc<ManualClock>) -> Payments {
    let migrations = [outbox::MIGRATIONS, payments::MIGRATIONS].concat();
    let (hints, _not_taken) = Hints::channel();
    Payments {
        journal: Journal::new(Store::open(Location::Memory, &migrations).unwrap()),
        sessions: Arc::new(Everybody),
        permissions: Arc::new(Everybody),
        clock,
        gateway,
        hints,
        patience: Duration::ZERO,
    }
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

/// A runtime on which a pause takes no time.
pub(crate) fn paused_runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// Everybody may do everything, and nobody is signed in.
pub(crate) struct Everybody;

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
