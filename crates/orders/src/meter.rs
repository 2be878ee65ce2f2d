//! What is counted of orders.

use store::StoreError;
use telemetry::metrics::catalog::{ORDERS_MOVED, ORDERS_OPEN};

use crate::domain::OrderState;
use crate::{Orders, store as rows};

/// An order came to `state`.
pub(crate) fn moved(state: OrderState) {
    let reason = state.cancel_reason().map_or("", |reason| reason.as_str());
    ORDERS_MOVED.count(&[state.status().as_str(), reason]);
}

impl Orders {
    /// Tells the metrics how many orders are open. Cheap however many there are: an index holds
    /// the open ones, and counting them has an end.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn tell_metrics(&self) -> Result<(), StoreError> {
        for (status, count) in rows::open_by_status(&self.journal).await? {
            ORDERS_OPEN.gauge(&[status]).set(count as f64);
        }
        Ok(())
    }
}
