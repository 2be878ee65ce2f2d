//! A buyer gives a ticket back.

use kernel::Outcome;
use ory::Permit;
use ory::rights::EditOrder;
use outbox::retry_on_conflict;

use crate::domain::Order;
use crate::{Error, Orders, meter, store};

impl Orders {
    /// Cancels the order the permit is for; answers it as it is then.
    ///
    /// # Errors
    /// When it is complete, or others keep changing it.
    pub async fn cancel_order(&self, permit: Permit<EditOrder>) -> Result<Order, Error> {
        retry_on_conflict(|| self.try_cancel(permit)).await
    }

    async fn try_cancel(&self, permit: Permit<EditOrder>) -> Result<Order, Error> {
        let id = permit.object();
        let order = self.find_order(id).await?;
        let at = self.clock.now();
        match order.clone().cancel(at).map_err(|error| Error::Refused(id, error))? {
            Outcome::AlreadyApplied => Ok(order),
            Outcome::Executed(decision) => {
                let (order, _now) = store::update(&self.journal, decision, None, None, at).await?;
                meter::moved(order.state);
                tracing::info!(order.id = %id, "Cancelled order {id}: its buyer gave it back");
                Ok(order)
            }
        }
    }
}
