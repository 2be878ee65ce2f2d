//! Many tickets are about to be listed at once: demo data.

use crate::domain::Listing;
use crate::{Error, Orders, store};

impl Orders {
    /// Keeps `tickets` as if their events had come; at a million of them, delivering each by
    /// itself would take most of the time. A ticket that is known here and isn't listed after all
    /// can't be found by anybody, so this comes before the tickets themselves.
    ///
    /// # Errors
    /// When the database is away; then none is kept.
    pub async fn seed_listings(&self, tickets: Vec<events::Ticket>) -> Result<(), Error> {
        let listings: Vec<_> = tickets.into_iter().map(Listing::of).collect();
        Ok(store::keep_listings(&self.journal, &listings, self.clock.now()).await?)
    }
}
