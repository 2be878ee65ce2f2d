//! A payment of one of our orders was started, authorized, refused or given back.

use events::Payment;
use kernel::{EventId, Outcome};
use outbox::{Committed, retry_on_conflict};

use crate::domain::SeenPayment;
use crate::{Error, Orders, meter, store};

impl Orders {
    /// Takes in `payment` as the event `delivery` tells it, and moves its order accordingly.
    /// What was seen before, or is older than what was, changes nothing.
    ///
    /// # Errors
    /// When the order isn't ours, or the database is away.
    pub async fn observe_payment(&self, payment: &Payment, delivery: EventId) -> Result<(), Error> {
        retry_on_conflict(|| self.try_observe(payment, delivery)).await
    }

    async fn try_observe(&self, payment: &Payment, delivery: EventId) -> Result<(), Error> {
        let at = self.clock.now();
        let order = self.find_order(payment.order_id).await?;
        let known = store::payments(&self.journal, order.id).await?;
        let seen = SeenPayment {
            payment_id: payment.id,
            status: payment.status,
            version: payment.version,
        };
        let before = order.state;
        let Outcome::Executed(decision) = order.observe(&known, seen, at) else {
            return Ok(());
        };
        let journal = &self.journal;
        let (order, committed) =
            store::update(journal, decision, Some(seen), Some(delivery), at).await?;
        if committed == Committed::Now && order.state != before {
            meter::moved(order.state);
            tracing::info!(order.id = %order.id, payment.id = %payment.id,
                "Order {} is {}", order.id, order.state.status());
        }
        Ok(())
    }
}
