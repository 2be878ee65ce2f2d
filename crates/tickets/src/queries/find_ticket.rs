//! One ticket.

use std::sync::Arc;

use kernel::TicketId;

use crate::domain::Ticket;
use crate::showcase::{Lookup, Shown};
use crate::{Error, Tickets, store};

impl Tickets {
    /// The ticket with `id`, to be looked at.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn show_ticket(&self, id: TicketId) -> Result<Arc<Shown>, Error> {
        match self.showcase.look_up(id) {
            Lookup::Known(shown) => Ok(shown),
            Lookup::Unknown(search) => {
                let ticket = self.find_ticket(id).await?;
                Ok(self.showcase.learn(search, ticket))
            }
        }
    }

    /// The ticket with `id`, to be decided about.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn find_ticket(&self, id: TicketId) -> Result<Ticket, Error> {
        store::find(&self.journal, id).await?.ok_or(Error::NotFound(id))
    }
}
