//! A ticket was listed: it can be reserved.

use events::TicketCreated;
use kernel::EventId;

use crate::{Error, Orders};

impl Orders {
    pub(crate) async fn on_ticket_created(
        &self,
        TicketCreated(ticket): TicketCreated,
        delivery: EventId,
    ) -> Result<(), Error> {
        self.observe_ticket(ticket, delivery).await.map(drop)
    }
}
