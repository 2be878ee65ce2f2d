//! An order of one of our tickets was placed, completed or cancelled.

use std::sync::Arc;

use events::Order;
use kernel::{EventId, Outcome};
use outbox::{Committed, retry_on_conflict};

use crate::domain::{Hold, Sightings};
use crate::showcase::Effect;
use crate::{Error, Tickets, store};

impl Tickets {
    /// Takes in `order` as the event `delivery` tells it, and holds or releases its ticket.
    /// What was seen before, or is older than what was, changes nothing.
    ///
    /// # Errors
    /// When the ticket isn't ours, or the database is away.
    pub async fn observe_order(&self, order: &Order, delivery: EventId) -> Result<(), Error> {
        retry_on_conflict(|| self.try_observe(order, delivery)).await
    }

    async fn try_observe(&self, order: &Order, delivery: EventId) -> Result<(), Error> {
        let ticket = self.find_ticket(order.ticket.id).await?;
        let known = store::holds(&self.journal, ticket.id).await?;
        let Order { id, status, version, expires_at, .. } = *order;
        let seen = Hold { order_id: id, status, version, expires_at };
        let (at, held_before) = (self.clock.now(), ticket.holder());
        let Outcome::Executed(decision) = ticket.observe(&known, seen, at) else {
            return Ok(());
        };
        let (id, holder, after) =
            (decision.state.id, decision.state.holder(), decision.state.clone());
        let sightings = Sightings::after(&known, seen, (held_before, holder));
        let effect = if holder.is_some() { Effect::Taken } else { Effect::Freed };
        let changing = Arc::clone(&self.showcase).changing(id, effect);
        match store::observe(&self.journal, decision, sightings, delivery, at).await? {
            Committed::Earlier => return Ok(()),
            Committed::Now => changing.stored(after),
        }
        if holder != held_before {
            let order = holder.map_or_else(|| "nobody".to_owned(), |order| order.to_string());
            tracing::info!(ticket.id = %id, order.id = order, "Ticket {id} is held by {order}");
        }
        Ok(())
    }
}
