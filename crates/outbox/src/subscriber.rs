//! The receiving end: unpacks the trace, lets the context handle the event, and parks in the
//! context's own database what can't be handled.

use std::sync::Arc;

use async_trait::async_trait;
use bus::{Consumer, Failure, Unreadable};
use events::Envelope;
use kernel::{Clock, EventId};
use store::{Statement, StoreError, params};
use telemetry::trace::{self, Trace};

use crate::journal::Journal;

const PARK: &str = "insert into dead_letters (event_id, envelope, reason, parked_at)
     values (?1, ?2, ?3, ?4) on conflict (event_id) do update set reason = excluded.reason";

/// A context's table of consumers: which function handles which event.
#[async_trait]
pub trait Dispatch: Send + Sync {
    /// Handles `envelope`, and commits the answer with the envelope's id in the inbox.
    async fn dispatch(&self, envelope: &Envelope) -> Result<(), Failure>;
}

/// Receives the events of one context.
pub struct Subscriber<D> {
    journal: Journal,
    clock: Arc<dyn Clock>,
    dispatch: D,
}

impl<D: Dispatch> Subscriber<D> {
    /// A subscriber whose dead letters are parked in `journal`.
    #[must_use]
    pub fn new(journal: Journal, clock: Arc<dyn Clock>, dispatch: D) -> Self {
        Self { journal, clock, dispatch }
    }

    async fn keep(&self, id: EventId, text: String, reason: &Failure) -> Result<(), Failure> {
        let row = params![id, text, reason.to_string(), self.clock.now()];
        let parked = self.journal.store.apply(vec![Statement::new(PARK, row)]).await;
        parked.map_err(|error| failure_of(&error))
    }
}

#[async_trait]
impl<D: Dispatch> Consumer for Subscriber<D> {
    async fn consume(&self, envelope: Arc<Envelope>) -> Result<(), Failure> {
        // whoever brings the event may have a place for this already
        let brought = || envelope.traceparent.as_deref().and_then(Trace::parse);
        let trace = trace::current().or_else(brought).unwrap_or_else(Trace::start);
        trace::scope(trace, self.dispatch.dispatch(&envelope)).await
    }

    async fn park(&self, envelope: Arc<Envelope>, reason: &Failure) -> Result<(), Failure> {
        let json = serde_json::to_string(&*envelope)
            .map_err(|error| Failure::Fail(format!("can't write {}: {error}", envelope.id)))?;
        self.keep(envelope.id, json, reason).await
    }

    async fn park_unreadable(&self, message: Unreadable, reason: &Failure) -> Result<(), Failure> {
        self.keep(message.id, message.text, reason).await
    }
}

/// What a store's error means for the event being handled.
#[must_use]
pub fn failure_of(error: &StoreError) -> Failure {
    match error {
        StoreError::Conflict { .. } | StoreError::Busy { .. } => Failure::Retry(error.to_string()),
        StoreError::Full { .. } | StoreError::Unavailable { .. } => {
            Failure::Away(error.to_string())
        }
        StoreError::Constraint { .. }
        | StoreError::Failed { .. }
        | StoreError::Migration { .. } => Failure::Fail(error.to_string()),
    }
}
