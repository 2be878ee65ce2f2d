//! A seller lists a ticket.

use std::sync::Arc;

use ::store::StoreError;
use kernel::{MajorUnits, TicketId, UserId};
use ory::tuples;
use outbox::Remember;
use utoipa::ToSchema;

use crate::domain::{Description, NewTicket, Ticket, TicketTitle};
use crate::{Error, Tickets, store};

/// What the seller said.
#[derive(Debug, Clone, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTicket {
    /// What it is for.
    #[schema(schema_with = events::schema::title)]
    pub title: TicketTitle,
    /// What the seller says about it.
    #[schema(schema_with = events::schema::description_or_null)]
    pub description: Option<Description>,
    /// What it costs, in the exchange's currency.
    #[schema(schema_with = events::schema::price)]
    pub price: MajorUnits,
}

impl Tickets {
    /// Lists a ticket of `seller`. A permission service that keeps rights apart is told first, so
    /// that there is no moment at which others see a ticket that nobody owns.
    ///
    /// # Errors
    /// When permissions or the database are away, or a repeat of the request was quicker; then
    /// there is no ticket.
    pub async fn create_ticket(
        &self,
        seller: UserId,
        command: CreateTicket,
        remember: Remember<Ticket>,
    ) -> Result<Ticket, Error> {
        let let_in = self.journal.wait_for_room().await;
        let at = self.clock.now();
        let id = TicketId::generate();
        let CreateTicket { title, description, price } = command;
        let new = NewTicket { title, description, price: price.of(self.currency) };
        let rights = [tuples::ticket_owner(id, seller)];
        self.permissions.grant(&rights).await?;
        let decision = Ticket::list(id, seller, new, at);
        let (journal, permissions) = (self.journal.clone(), Arc::clone(&self.permissions));
        let work = async move {
            let stored = store::insert(&journal, decision, remember).await;
            drop(let_in);
            match stored {
                Ok(ticket) => {
                    tracing::info!(ticket.id = %id, user.id = %seller, "Listed ticket {id}");
                    Ok(ticket)
                }
                // a repeat of the same request was quicker
                Err(lost @ StoreError::Constraint { .. }) => {
                    ory::forget_unused(&*permissions, &rights).await;
                    Err(lost.into())
                }
                Err(error) => Err(error.into()),
            }
        };
        self.carry_out(id, work).await
    }
}
