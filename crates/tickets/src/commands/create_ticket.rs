//! A seller lists a ticket.

use kernel::{MajorUnits, TicketId, UserId};
use ory::tuples;

use crate::domain::{Description, NewTicket, Ticket, TicketTitle};
use crate::{Error, Tickets, store};

/// What the seller said.
#[derive(Debug, Clone)]
pub struct CreateTicket {
    /// What it is for.
    pub title: TicketTitle,
    /// What the seller says about it.
    pub description: Option<Description>,
    /// What it costs, in the exchange's currency.
    pub price: MajorUnits,
}

impl Tickets {
    /// Lists a ticket of `seller`. Its owner is written down first, so that there is no moment at
    /// which others see a ticket that nobody owns.
    ///
    /// # Errors
    /// When permissions or the database are away; then there is no ticket.
    pub async fn create_ticket(
        &self,
        seller: UserId,
        command: CreateTicket,
    ) -> Result<Ticket, Error> {
        let at = self.clock.now();
        let id = TicketId::generate();
        let CreateTicket { title, description, price } = command;
        let new = NewTicket { title, description, price: price.of(self.currency) };
        self.permissions.write(&[tuples::ticket_owner(id, seller)]).await?;
        let ticket = store::insert(&self.journal, Ticket::list(id, seller, new, at)).await?;
        tracing::info!(ticket.id = %id, user.id = %seller, "Listed ticket {id}");
        Ok(ticket)
    }
}
