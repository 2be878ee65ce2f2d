//! A ticket was listed or changed.

use kernel::EventId;
use outbox::Committed;

use crate::domain::Listing;
use crate::{Error, Orders, store};

impl Orders {
    /// Keeps what can be reserved, unless something newer is known.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn observe_ticket(
        &self,
        ticket: events::Ticket,
        delivery: EventId,
    ) -> Result<Committed, Error> {
        let (listing, at) = (Listing::of(ticket), self.clock.now());
        Ok(store::keep_listing(&self.journal, &listing, delivery, at).await?)
    }
}
