//! What a seller decided is stored.

use std::sync::Arc;

use ::store::StoreError;
use events::Event;
use kernel::{Decision, TicketId};
use telemetry::trace;
use tokio::task::JoinError;

use crate::domain::Ticket;
use crate::showcase::Effect;
use crate::{Error, Tickets, store};

impl Tickets {
    /// Stores what was decided about a ticket.
    pub(super) async fn change(&self, decision: Decision<Ticket, Event>) -> Result<Ticket, Error> {
        let (id, journal) = (decision.state.id, self.journal.clone());
        self.carry_out(id, async move { Ok(store::update(&journal, decision).await?) }).await
    }

    /// Stores ticket `id` by `work`. That is carried out also when whoever asked for it goes away
    /// meanwhile: otherwise it might be stored after the showcase believed that it wasn't.
    pub(super) async fn carry_out(
        &self,
        id: TicketId,
        work: impl Future<Output = Result<Ticket, Error>> + Send + 'static,
    ) -> Result<Ticket, Error> {
        let changing = Arc::clone(&self.showcase).changing(id, Effect::Any);
        let stored = trace::carry_out(async move {
            let ticket = work.await?;
            changing.stored(ticket.clone());
            Ok(ticket)
        });
        let fault = |error: JoinError| StoreError::Failed { reason: error.to_string() };
        stored.await.map_err(fault)?
    }
}
