//! A reservation ended: it can't be paid any more, and what is held is let go.

use events::OrderCancelled;
use kernel::EventId;

use crate::{Error, Payments};

impl Payments {
    pub(crate) async fn on_order_cancelled(
        &self,
        OrderCancelled(order): OrderCancelled,
        delivery: EventId,
    ) -> Result<(), Error> {
        self.observe_order(&order, delivery).await
    }
}
