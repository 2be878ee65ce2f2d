//! A ticket changed: new orders pay the new price; a withdrawn one takes no more orders.

use events::TicketUpdated;
use kernel::EventId;

use crate::{Error, Orders};

impl Orders {
    pub(crate) async fn on_ticket_updated(
        &self,
        TicketUpdated(ticket): TicketUpdated,
        delivery: EventId,
    ) -> Result<(), Error> {
        self.observe_ticket(ticket, delivery).await.map(drop)
    }
}
