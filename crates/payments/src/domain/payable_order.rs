//! An order as payments knows it.

use events::OrderStatus;
use kernel::{Money, OrderId, Timestamp, UserId, Version};

/// What orders has told of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayableOrder {
    /// The order.
    pub id: OrderId,
    /// Who buys.
    pub buyer: UserId,
    /// What it costs.
    pub price: Money,
    /// Where it stands.
    pub status: OrderStatus,
    /// When it ends unpaid.
    pub expires_at: Timestamp,
    /// The order's version that says so.
    pub version: Version,
}

impl PayableOrder {
    /// What `order` says.
    #[must_use]
    pub fn of(order: &events::Order) -> Self {
        Self {
            id: order.id,
            buyer: order.user_id,
            price: order.ticket.price.of(order.ticket.currency),
            status: order.status,
            expires_at: order.expires_at,
            version: order.version,
        }
    }

    /// Whether its payments can be captured or voided.
    #[must_use]
    pub const fn is_decided(&self) -> bool {
        matches!(self.status, OrderStatus::Complete | OrderStatus::Cancelled)
    }
}
