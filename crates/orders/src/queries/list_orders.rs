//! A page of somebody's orders.

use events::OrderStatus;
use kernel::UserId;
use uuid::Uuid;

use crate::domain::Order;
use crate::{Error, Orders, store};

pub use crate::store::Side;

/// Which orders to show.
#[derive(Debug, Clone)]
pub struct ListOrders {
    /// Whose.
    pub user: UserId,
    /// On which side of them they stand.
    pub side: Side,
    /// With one of these statuses; with any, if there are none.
    pub statuses: Vec<OrderStatus>,
    /// The page starts after this order.
    pub after: Option<Uuid>,
    /// How many are wanted.
    pub limit: u32,
}

/// A page of orders, newest first.
#[derive(Debug)]
pub struct OrderPage {
    /// The orders.
    pub orders: Vec<Order>,
    /// Whether there are more after the last one.
    pub has_more: bool,
}

impl Orders {
    /// The page of orders that `query` asks for.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn list_orders(&self, query: ListOrders) -> Result<OrderPage, Error> {
        let limit = query.limit as usize;
        let mut orders = store::list(&self.journal, &query).await?;
        let has_more = orders.len() > limit;
        orders.truncate(limit);
        Ok(OrderPage { orders, has_more })
    }
}
