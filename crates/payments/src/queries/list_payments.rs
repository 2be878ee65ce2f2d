//! The payments of one order.

use kernel::OrderId;

use crate::domain::Payment;
use crate::{Error, Payments, store};

impl Payments {
    /// The newest `limit` payments of `order`, newest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn list_payments(&self, order: OrderId, limit: u32) -> Result<Vec<Payment>, Error> {
        Ok(store::of_order(&self.journal, order, limit).await?)
    }

    /// Whether `order` is known here.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn knows_order(&self, order: OrderId) -> Result<bool, Error> {
        Ok(store::order(&self.journal, order).await?.is_some())
    }
}
