//! A ticket was reserved: its order can be paid.

use events::OrderCreated;
use kernel::EventId;

use crate::{Error, Payments};

impl Payments {
    pub(crate) async fn on_order_created(
        &self,
        OrderCreated(order): OrderCreated,
        delivery: EventId,
    ) -> Result<(), Error> {
        self.observe_order(&order, delivery).await
    }
}
