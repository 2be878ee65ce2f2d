//! A reservation ended: the ticket is free, if it was this order that held it.

use events::OrderCancelled;
use kernel::EventId;

use crate::{Error, Tickets};

impl Tickets {
    pub(crate) async fn on_order_cancelled(
        &self,
        OrderCancelled(order): OrderCancelled,
        delivery: EventId,
    ) -> Result<(), Error> {
        self.observe_order(&order, delivery).await
    }
}
