//! One ticket.

use kernel::TicketId;

use crate::domain::Ticket;
use crate::{Error, Tickets, store};

impl Tickets {
    /// The ticket with `id`.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn find_ticket(&self, id: TicketId) -> Result<Ticket, Error> {
        store::find(&self.journal, id).await?.ok_or(Error::NotFound(id))
    }
}
