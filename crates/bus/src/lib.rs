//! The bus: carries committed events from the context that sends them to those that need them.
//!
//! Delivery is at least once, in any order. [`Bus::publish`] returns only when nobody depends on
//! the sender any more, so its outbox row may go then and not before: within one process, when
//! every subscriber has either handled the event or parked it as a dead letter; with a broker, when
//! that has the event safe in the queue of every subscriber.
//!
//! Reading order: the ports below, [`retry`] (what happens after a failure, as a pure decision),
//! `delivery` (what a delivery is on every adapter),
//! `listener` (who only listens), [`in_process`] (the adapter for one process),
//! [`rabbitmq`] (the adapter for many).

mod delivery;
pub mod in_process;
mod listener;
mod meter;
pub mod rabbitmq;
pub mod retry;

use std::sync::Arc;

use async_trait::async_trait;
use events::Envelope;

pub use in_process::InProcessBus;
pub use listener::{Listener, Listening};
pub use rabbitmq::{RabbitMq, RabbitMqOptions};
pub use retry::RetryPolicy;

/// What carries events.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Hands `envelope` over. `Ok` means that nobody depends on the sender any more.
    async fn publish(&self, envelope: Arc<Envelope>) -> Result<(), PublishError>;
}

/// The event could not be handed over; the sender keeps it and tries again.
#[derive(Debug, thiserror::Error)]
#[error("event {event_id} was not taken by {service}: {reason}")]
pub struct PublishError {
    /// The event.
    pub event_id: kernel::EventId,
    /// The subscriber or broker that did not take it.
    pub service: String,
    /// Why.
    pub reason: String,
}

/// What a failed consumer wants to happen next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It may work later: another write came first, the database is busy. It is tried a number of
    /// times.
    #[error("{0}")]
    Retry(String),
    /// What it takes is away: the database, Redis, another service. It is tried until that is
    /// there, however long it takes.
    #[error("{0}")]
    Away(String),
    /// It will never work: the event can't be read, or breaks a rule. It is parked.
    #[error("{0}")]
    Fail(String),
}

impl From<events::OpenError> for Failure {
    /// What can't be read today can't be read tomorrow.
    fn from(error: events::OpenError) -> Self {
        Self::Fail(error.to_string())
    }
}

/// Handles the events of one context.
#[async_trait]
pub trait Consumer: Send + Sync {
    /// Handles `envelope`, durably; handling it again changes nothing.
    async fn consume(&self, envelope: Arc<Envelope>) -> Result<(), Failure>;

    /// Parks an event that can't be handled, durably, for a person to look at.
    async fn park(&self, envelope: Arc<Envelope>, reason: &Failure) -> Result<(), Failure>;

    /// Parks, as [`Self::park`] does, what came as an event and isn't one.
    async fn park_unreadable(&self, message: Unreadable, reason: &Failure) -> Result<(), Failure>;
}

/// What came as an event and isn't one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The same for the same bytes, so that a redelivery is parked once.
    pub id: kernel::EventId,
    /// What can be shown of it.
    pub text: String,
}

/// Who wants which events.
#[derive(Clone)]
pub struct Subscription {
    /// The context, such as `orders`.
    pub service: &'static str,
    /// The types of events it wants.
    pub kinds: &'static [&'static str],
    /// What handles them.
    pub consumer: Arc<dyn Consumer>,
}
