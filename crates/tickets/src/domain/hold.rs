//! Which order holds a ticket, from whatever has been seen of its orders so far.

use events::OrderStatus;
use kernel::{OrderId, Version};

/// What was seen of one order for a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// The order.
    pub order_id: OrderId,
    /// Its status when it was last seen.
    pub status: OrderStatus,
    /// Its version then.
    pub version: Version,
}

impl Hold {
    /// Whether `known` says as much about this order, or more.
    pub(crate) fn is_known(&self, known: &[Self]) -> bool {
        known.iter().any(|hold| hold.order_id == self.order_id && hold.version >= self.version)
    }

    /// `known` with what was seen now.
    pub(crate) fn added_to(self, known: &[Self]) -> Vec<Self> {
        let others = known.iter().filter(|hold| hold.order_id != self.order_id);
        others.copied().chain([self]).collect()
    }
}

/// The order that holds the ticket. Orders keeps at most one active; while its events are on
/// their way two may seem to be, and then the complete one, or else the newest, is taken, so that
/// every order of arrival ends with the same holder.
pub(crate) fn holder(holds: &[Hold]) -> Option<OrderId> {
    let active = holds.iter().filter(|hold| hold.status != OrderStatus::Cancelled);
    let rank = |hold: &&Hold| (hold.status == OrderStatus::Complete, hold.order_id);
    active.max_by_key(rank).map(|hold| hold.order_id)
}
