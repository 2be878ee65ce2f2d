//! A buyer reserves a ticket. The race everybody runs is decided by one insert.

use ::store::StoreError;
use kernel::{OrderId, TicketId};
use ory::rights::OrderTicket;
use ory::{Permit, tuples};
use outbox::{NEWS_PATIENCE, Remember, retry_on_conflict};

use crate::domain::{Listing, Order, OrderError, PlaceOrder};
use crate::store::{self, ONE_ACTIVE_PER_TICKET, Offer};
use crate::{Error, Orders, meter};

impl Orders {
    /// Reserves the ticket the permit is for. A permission service that keeps rights apart is told
    /// first, so that there is no moment at which the order is visible without them.
    ///
    /// # Errors
    /// When the ticket is unknown, not on sale, held by another order, or changed all the while; or
    /// when a repeat of the request was quicker.
    pub async fn place_order(
        &self,
        permit: Permit<OrderTicket>,
        remember: Remember<Order>,
    ) -> Result<Order, Error> {
        let mut known = Some(self.free_listing(permit.object()).await?);
        let _until_stored = self.journal.wait_for_room().await;
        retry_on_conflict(|| self.try_place(permit, known.take(), &remember)).await
    }

    /// `known` is the listing as it was a while ago. Whether it still is like that, the insert
    /// decides: the seller may have been told since that the ticket costs more, or is withdrawn.
    async fn try_place(
        &self,
        permit: Permit<OrderTicket>,
        known: Option<Listing>,
        remember: &Remember<Order>,
    ) -> Result<Order, Error> {
        let (ticket_id, buyer) = (permit.object(), permit.user());
        let not_placed = |error| Error::NotPlaced(ticket_id, error);
        let listing = match known {
            Some(listing) => listing,
            None => self.free_listing(ticket_id).await?,
        };
        let (id, at) = (OrderId::generate(), self.clock.now());
        let place = PlaceOrder { id, buyer, at, window: self.expiration_window };
        let decision = Order::place(&listing, place).map_err(not_placed)?;

        let rights = [tuples::order_owner(id, buyer), tuples::order_parent(id, ticket_id)];
        self.permissions.grant(&rights).await?;
        match store::insert(&self.journal, decision, remember).await {
            Ok(order) => {
                meter::moved(order.state);
                tracing::info!(order.id = %id, ticket.id = %ticket_id, user.id = %buyer,
                    "Placed order {id}");
                Ok(order)
            }
            // another order was quicker, a change of the ticket, or a repeat of the same request
            Err(lost @ (StoreError::Constraint { .. } | StoreError::Conflict { .. })) => {
                ory::forget_unused(&*self.permissions, &rights).await;
                let is_held = lost.is_constraint(ONE_ACTIVE_PER_TICKET);
                Err(if is_held { not_placed(OrderError::AlreadyReserved) } else { lost.into() })
            }
            Err(error) => Err(error.into()),
        }
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
