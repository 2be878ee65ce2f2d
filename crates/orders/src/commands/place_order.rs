//! A buyer reserves a ticket. The race everybody runs is decided by one insert.

use ::store::StoreError;
use events::Event;
use kernel::{Decision, OrderId, TicketId};
use ory::rights::OrderTicket;
use ory::{Permit, tuples};
use outbox::{MayConflict, NEWS_PATIENCE, Remember, retry_on_conflict};

use crate::domain::{Listing, Order, OrderError, PlaceOrder};
use crate::store::{self, ONE_ACTIVE_PER_TICKET, Offer};
use crate::{Error, Orders, meter};

impl Orders {
    /// Reserves the ticket the permit is for. A permission service that keeps rights apart is told
    /// first, so that there is no moment at which the order is visible without them.
    ///
    /// # Errors
    /// When the ticket is unknown, not on sale, held by another order, or changed by its seller
    /// again and again; or when a repeat of the request was quicker.
    pub async fn place_order(
        &self,
        permit: Permit<OrderTicket>,
        remember: Remember<Order>,
    ) -> Result<Order, Error> {
        let (ticket_id, buyer) = (permit.object(), permit.user());
        let mut listing = self.free_listing(ticket_id).await?;
        let let_in = self.journal.wait_for_room().await;
        if let_in.has_waited() {
            // somebody else may have been quicker
            listing = self.free_listing(ticket_id).await?;
        }
        let (id, at) = (OrderId::generate(), self.clock.now());
        let place = PlaceOrder { id, buyer, at, window: self.expiration_window };
        let decision = decide(&listing, place)?;

        let rights = [tuples::order_owner(id, buyer), tuples::order_parent(id, ticket_id)];
        self.permissions.grant(&rights).await?;
        let mut placed = self.store_order(decision, &remember).await;
        if placed.as_ref().is_err_and(MayConflict::is_conflict) {
            placed = retry_on_conflict(|| self.place_anew(ticket_id, place, &remember)).await;
        }
        drop(let_in);
        match &placed {
            Ok(order) => {
                meter::moved(order.state);
                tracing::info!(order.id = %id, ticket.id = %ticket_id, user.id = %buyer,
                    "Placed order {id}");
            }
            Err(error) if changed_nothing(error) => {
                ory::forget_unused(&*self.permissions, &rights).await;
            }
            Err(_) => {}
        }
        placed
    }

    /// Decides again: the seller has changed the ticket since, and may have been told that
    /// everybody relies on it.
    async fn place_anew(
        &self,
        ticket_id: TicketId,
        place: PlaceOrder,
        remember: &Remember<Order>,
    ) -> Result<Order, Error> {
        let listing = self.free_listing(ticket_id).await?;
        self.store_order(decide(&listing, place)?, remember).await
    }

    async fn store_order(
        &self,
        decision: Decision<Order, Event>,
        remember: &Remember<Order>,
    ) -> Result<Order, Error> {
        let ticket_id = decision.state.ticket.id;
        store::insert(&self.journal, decision, remember).await.map_err(|error| {
            let is_held = error.is_constraint(ONE_ACTIVE_PER_TICKET);
            if is_held {
                Error::NotPlaced(ticket_id, OrderError::AlreadyReserved)
            } else {
                error.into()
            }
        })
    }

    /// A ticket that no order holds.
    async fn free_listing(&self, id: TicketId) -> Result<Listing, Error> {
        match self.offer(id).await? {
            Offer { listing, is_held: false } => Ok(listing),
            Offer { is_held: true, .. } => Err(Error::NotPlaced(id, OrderError::AlreadyReserved)),
        }
    }

    /// What can be reserved. A ticket that exists but isn't known here yet is waited for: its
    /// seller may have listed it a moment ago. That there is none is said only when it is certain,
    /// because a repeat of the request would hear the same.
    async fn offer(&self, id: TicketId) -> Result<Offer, Error> {
        if let Some(offer) = store::offer(&self.journal, id).await? {
            return Ok(offer);
        }
        if self.permissions.list(&tuples::ticket(id), "owners").await?.is_empty() {
            return Err(Error::TicketNotFound(id));
        }
        let look = || store::offer(&self.journal, id);
        let offer = self.journal.wait_for(NEWS_PATIENCE, look).await?;
        offer.ok_or(Error::TicketNotKnownYet(id))
    }
}

fn decide(listing: &Listing, place: PlaceOrder) -> Result<Decision<Order, Event>, Error> {
    Order::place(listing, place).map_err(|error| Error::NotPlaced(listing.ticket_id, error))
}

/// Whether it is certain that no order was stored: another one was quicker, a change of the ticket,
/// or a repeat of the same request; or the database had no room for it. Of one that went away,
/// nobody knows.
const fn changed_nothing(error: &Error) -> bool {
    use StoreError::{Busy, Conflict, Constraint, Full};
    let Error::Store(error) = error else { return matches!(error, Error::NotPlaced(..)) };
    matches!(error, Constraint { .. } | Conflict { .. } | Busy { .. } | Full { .. })
}
