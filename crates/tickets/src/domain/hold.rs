//! Which order holds a ticket, from whatever has been seen of its orders so far.

use events::OrderStatus;
use kernel::{OrderId, Timestamp, Version};

/// What was seen of one order for a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// The order.
    pub order_id: OrderId,
    /// Its status when it was last seen.
    pub status: OrderStatus,
    /// Its version then.
    pub version: Version,
    /// When it ends unpaid.
    pub expires_at: Timestamp,
}

/// That an order holds a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The order.
    pub by: OrderId,
    /// Until when the ticket is reserved; none once it is sold.
    pub until: Option<Timestamp>,
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

/// What is to be kept of what was seen: of the order that holds the ticket now, in the ticket; of
/// others, beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sightings {
    /// Of the holder.
    pub of_holder: Option<Hold>,
    /// Of others, as far as it isn't kept beside the ticket yet.
    pub of_others: Vec<Hold>,
}

impl Sightings {
    /// What to keep when `seen` was added to what was `known`, and the ticket went from one holder
    /// to the next, which may be the same.
    pub(crate) fn after(
        known: &[Hold],
        seen: Hold,
        (from, to): (Option<OrderId>, Option<OrderId>),
    ) -> Self {
        let all = seen.added_to(known);
        let newest = |id| all.iter().filter(|it| it.order_id == id).max_by_key(|it| it.version);
        let of_holder = to.and_then(newest).copied();
        let former = from.filter(|id| *id != seen.order_id).and_then(newest).copied();
        let others = [Some(seen), former].into_iter().flatten();
        Self { of_holder, of_others: others.filter(|it| Some(it.order_id) != to).collect() }
    }
}

/// The order that holds the ticket. Orders keeps at most one active; while its events are on
/// their way two may seem to be, and then the complete one, or else the newest, is taken, so that
/// every order of arrival ends with the same holder.
pub(crate) fn holder(holds: &[Hold]) -> Option<Held> {
    let active = holds.iter().filter(|hold| hold.status != OrderStatus::Cancelled);
    let rank = |hold: &&Hold| (hold.status == OrderStatus::Complete, hold.order_id);
    active.max_by_key(rank).map(|hold| {
        let is_sold = hold.status == OrderStatus::Complete;
        Held { by: hold.order_id, until: (!is_sold).then_some(hold.expires_at) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(order_id: OrderId, status: OrderStatus, version: u32) -> Hold {
        let expires_at = Timestamp::from_micros(1);
        Hold { order_id, status, version: Version::new(version), expires_at }
    }

    #[test]
    fn what_is_seen_of_the_holder_is_kept_in_the_ticket() {
        let order = OrderId::generate();
        let created = hold(order, OrderStatus::Created, 0);
        let first = Sightings::after(&[], created, (None, Some(order)));
        assert_eq!(first, Sightings { of_holder: Some(created), of_others: vec![] });
        let complete = hold(order, OrderStatus::Complete, 2);
        let sold = Sightings::after(&[created], complete, (Some(order), Some(order)));
        assert_eq!(sold, Sightings { of_holder: Some(complete), of_others: vec![] });
        let cancelled = hold(order, OrderStatus::Cancelled, 1);
        let free = Sightings::after(&[created], cancelled, (Some(order), None));
        assert_eq!(free, Sightings { of_holder: None, of_others: vec![cancelled] });
    }

    #[test]
    fn a_holder_that_gives_way_is_not_forgotten() {
        let (first, second) = (OrderId::generate(), OrderId::generate());
        let (old, new) =
            (hold(first, OrderStatus::Created, 0), hold(second, OrderStatus::Created, 0));
        let changed = Sightings::after(&[old], new, (Some(first), Some(second)));
        assert_eq!(changed, Sightings { of_holder: Some(new), of_others: vec![old] });
        let late = hold(first, OrderStatus::Cancelled, 1);
        let same = Sightings::after(&[old, new], late, (Some(second), Some(second)));
        assert_eq!(same, Sightings { of_holder: Some(new), of_others: vec![late] });
    }
}
