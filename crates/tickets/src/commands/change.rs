//! A seller's change is stored.

use std::sync::Arc;

use ::store::StoreError;
use events::Event;
use kernel::Decision;
use telemetry::trace;
use tokio::task::JoinError;

use crate::domain::Ticket;
use crate::{Error, Tickets, store};

impl Tickets {
    /// Stores what was decided about a ticket. It is carried out also when whoever asked for it
    /// goes away meanwhile: otherwise it might be stored after the showcase believed that it
    /// wasn't.
    pub(super) async fn change(&self, decision: Decision<Ticket, Event>) -> Result<Ticket, Error> {
        let changing = Arc::clone(&self.showcase).changing(decision.state.id);
        let journal = self.journal.clone();
        let stored = trace::carry_out(async move {
            let _changing = changing;
            store::update(&journal, decision).await
        });
        let fault = |error: JoinError| StoreError::Failed { reason: error.to_string() };
        Ok(stored.await.map_err(fault)??)
    }
}
