//! A ticket was reserved: its timer runs.

use events::OrderCreated;
use kernel::EventId;
use outbox::Committed;

use crate::{Expiration, TimersError};

impl Expiration {
    pub(super) async fn on_order_created(
        &self,
        OrderCreated(order): OrderCreated,
        delivery: EventId,
    ) -> Result<Committed, TimersError> {
        self.keep_timer(&order, delivery).await
    }
}
