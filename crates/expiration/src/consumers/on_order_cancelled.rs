//! A reservation ended: its timer is dropped, also if it never ran.

use events::OrderCancelled;
use kernel::EventId;
use outbox::Committed;

use crate::{Expiration, TimersError};

impl Expiration {
    pub(super) async fn on_order_cancelled(
        &self,
        OrderCancelled(order): OrderCancelled,
        delivery: EventId,
    ) -> Result<Committed, TimersError> {
        self.keep_timer(&order, delivery).await
    }
}
