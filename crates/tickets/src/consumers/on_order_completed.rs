//! A ticket of ours was sold: it stays held for good.

use events::OrderCompleted;
use kernel::EventId;

use crate::{Error, Tickets};

impl Tickets {
    pub(crate) async fn on_order_completed(
        &self,
        OrderCompleted(order): OrderCompleted,
        delivery: EventId,
    ) -> Result<(), Error> {
        self.observe_order(&order, delivery).await
    }
}
