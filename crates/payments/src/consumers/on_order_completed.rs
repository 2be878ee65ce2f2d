//! A ticket was sold: what is held is captured.

use events::OrderCompleted;
use kernel::EventId;

use crate::{Error, Payments};

impl Payments {
    pub(crate) async fn on_order_completed(
        &self,
        OrderCompleted(order): OrderCompleted,
        delivery: EventId,
    ) -> Result<(), Error> {
        self.observe_order(&order, delivery).await
    }
}
