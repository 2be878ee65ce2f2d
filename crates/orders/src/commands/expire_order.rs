//! The time to pay for an order may be over.

use kernel::{EventId, OrderId, Outcome};
use outbox::{Committed, retry_on_conflict};

use crate::{Error, Orders, meter, store};

impl Orders {
    /// Cancels the order if it is unpaid and its deadline has passed; otherwise does nothing.
    ///
    /// # Errors
    /// When there is no such order, or the database is away.
    pub async fn expire_order(&self, id: OrderId, delivery: Option<EventId>) -> Result<(), Error> {
        retry_on_conflict(|| self.try_expire(id, delivery)).await
    }

    async fn try_expire(&self, id: OrderId, delivery: Option<EventId>) -> Result<(), Error> {
        let at = self.clock.now();
        let Outcome::Executed(decision) = self.find_order(id).await?.expire(at) else {
            return Ok(());
        };
        let (order, committed) = store::update(&self.journal, decision, None, delivery, at).await?;
        if committed == Committed::Now {
            meter::moved(order.state);
            tracing::info!(order.id = %id, "Cancelled order {id}: the time to pay is over");
        }
        Ok(())
    }
}
