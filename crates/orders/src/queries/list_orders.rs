//! A page of somebody's orders.

use kernel::UserId;
use uuid::Uuid;

use crate::domain::Order;
use crate::{Error, Orders, store};

pub use crate::store::Side;

impl Orders {
    /// Orders in which `user` stands on `side`, newest first, at most `limit` after `after`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn list_orders(
        &self,
        user: UserId,
        side: Side,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Order>, Error> {
        Ok(store::list_of(&self.journal, (side, user), after, limit).await?)
    }
}
