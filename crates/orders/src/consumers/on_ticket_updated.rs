//! A ticket changed: new orders pay the new price; a withdrawn one takes no more orders.
//!
//! That it was reserved is no news here: it says which of our orders holds the ticket, and while
//! one does, nothing else about it changes (tickets' `Ticket::must_be_free`). So nothing is
//! written, not even that it was heard.

use events::TicketUpdated;
use kernel::EventId;

use crate::{Error, Orders};

impl Orders {
    pub(crate) async fn on_ticket_updated(
        &self,
        TicketUpdated(ticket): TicketUpdated,
        delivery: EventId,
    ) -> Result<(), Error> {
        if ticket.order_id.is_some() {
            return Ok(());
        }
        self.observe_ticket(ticket, delivery).await.map(drop)
    }
}
