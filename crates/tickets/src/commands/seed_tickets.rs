//! Many tickets are listed at once: demo data.

use kernel::{TicketId, UserId};
use ory::tuples;

use super::create_ticket::CreateTicket;
use crate::domain::{NewTicket, Ticket};
use crate::{Error, Tickets, store};

impl Tickets {
    /// The tickets that [`Self::create_ticket`] would make of `offers`, not stored yet.
    #[must_use]
    pub fn draft_tickets(&self, offers: Vec<(UserId, CreateTicket)>) -> Vec<Ticket> {
        let at = self.clock.now();
        let draft = |(seller, offer): (UserId, CreateTicket)| {
            let CreateTicket { title, description, price } = offer;
            let new = NewTicket { title, description, price: price.of(self.currency) };
            Ticket::list(TicketId::generate(), seller, new, at).state
        };
        offers.into_iter().map(draft).collect()
    }

    /// Lists `drafts` in one write, their owners first. No event tells of them: whoever needs to
    /// know (orders) must have been told before.
    ///
    /// # Errors
    /// When permissions or the database are away; then none is listed.
    pub async fn seed_tickets(&self, drafts: &[Ticket]) -> Result<(), Error> {
        let owners: Vec<_> =
            drafts.iter().map(|ticket| tuples::ticket_owner(ticket.id, ticket.seller)).collect();
        self.permissions.grant(&owners).await?;
        Ok(store::insert_all(&self.journal, drafts, self.clock.now()).await?)
    }
}
