//! An order was placed, completed or cancelled.

use events::Order;
use kernel::EventId;

use crate::domain::PayableOrder;
use crate::{Error, Payments, store};

/// Payments of one order that get a hint; there is one live one at most.
const HINTED_MAX: u32 = 20;

impl Payments {
    /// Keeps what is known of `order`, unless something newer is. Once it is decided, its payments
    /// go on.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn observe_order(&self, order: &Order, delivery: EventId) -> Result<(), Error> {
        let (order, at) = (PayableOrder::of(order), self.clock.now());
        let _committed = store::keep_order(&self.journal, &order, delivery, at).await?;
        if !order.is_decided() {
            return Ok(());
        }
        for payment in store::of_order(&self.journal, order.id, HINTED_MAX).await? {
            self.hints.give(payment.id);
        }
        Ok(())
    }
}
