//! A reservation ended: its timer is dropped, also if it never ran.

use ::store::StoreError;
use events::OrderCancelled;
use kernel::EventId;
use outbox::Committed;

use crate::Expiration;

impl Expiration {
    pub(super) async fn on_order_cancelled(
        &self,
        OrderCancelled(order): OrderCancelled,
        delivery: EventId,
    ) -> Result<Committed, StoreError> {
        self.keep_timer(&order, delivery).await
    }
}
