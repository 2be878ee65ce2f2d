//! One order.

use kernel::OrderId;

use crate::domain::Order;
use crate::{Error, Orders, store};

impl Orders {
    /// The order with `id`.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn find_order(&self, id: OrderId) -> Result<Order, Error> {
        store::find(&self.journal, id).await?.ok_or(Error::NotFound(id))
    }
}
