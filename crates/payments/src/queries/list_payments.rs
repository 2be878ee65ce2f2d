//! The payments of one order.

use kernel::OrderId;
use uuid::Uuid;

use crate::domain::Payment;
use crate::{Error, Payments, store};

/// A page of payments, newest first.
#[derive(Debug)]
pub struct PaymentPage {
    /// The payments.
    pub payments: Vec<Payment>,
    /// Whether there are more after the last one.
    pub has_more: bool,
}

impl Payments {
    /// At most `limit` payments of `order`, newest first, after the one with the id `after`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn list_payments(
        &self,
        order: OrderId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<PaymentPage, Error> {
        let mut payments = store::page_of_order(&self.journal, order, after, limit + 1).await?;
        let has_more = payments.len() > limit as usize;
        payments.truncate(limit as usize);
        Ok(PaymentPage { payments, has_more })
    }

    /// Whether `order` is known here.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn knows_order(&self, order: OrderId) -> Result<bool, Error> {
        Ok(store::order(&self.journal, order).await?.is_some())
    }
}
