//! A ticket of ours was reserved: it is held.

use events::OrderCreated;
use kernel::EventId;

use crate::{Error, Tickets};

impl Tickets {
    pub(crate) async fn on_order_created(
        &self,
        OrderCreated(order): OrderCreated,
        delivery: EventId,
    ) -> Result<(), Error> {
        self.observe_order(&order, delivery).await
    }
}
