//! An order's timer fired: an unpaid order whose deadline has passed is cancelled. A timer that
//! fires early, by a clock that is ahead of ours, changes nothing; the sweep comes later.

use events::ExpirationComplete;
use kernel::EventId;

use crate::{Error, Orders};

impl Orders {
    pub(crate) async fn on_expiration_complete(
        &self,
        ExpirationComplete { id }: ExpirationComplete,
        delivery: EventId,
    ) -> Result<(), Error> {
        self.expire_order(id, Some(delivery)).await
    }
}
