//! A timer: one for each order, fires at most once, and not after its order was cancelled.

use events::{Event, ExpirationComplete, Order, OrderStatus};
use kernel::{Decision, OrderId, Outcome, Timestamp};

/// The timer of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer {
    /// The order.
    pub order_id: OrderId,
    /// When the time to pay is over.
    pub fires_at: Timestamp,
    /// Whether it still runs.
    pub status: TimerStatus,
}

/// Whether a timer still runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimerStatus {
    /// It runs.
    Armed,
    /// It has told orders.
    Fired,
    /// Its order was cancelled before.
    Dropped,
}

impl TimerStatus {
    /// The text that the database holds.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Armed => "armed",
            Self::Fired => "fired",
            Self::Dropped => "dropped",
        }
    }
}

impl Timer {
    /// The timer that an order's event asks for: armed for an open order, dropped for one that
    /// has ended, also if that is the first that is heard of it.
    #[must_use]
    pub fn for_order(order: &Order) -> Self {
        let status = match order.status {
            OrderStatus::Created | OrderStatus::AwaitingPayment => TimerStatus::Armed,
            OrderStatus::Complete | OrderStatus::Cancelled => TimerStatus::Dropped,
        };
        Self { order_id: order.id, fires_at: order.expires_at, status }
    }

    /// Tells orders, once it is time at `now`.
    pub fn fire(self, now: Timestamp) -> Outcome<Decision<Self, Event>> {
        if self.status != TimerStatus::Armed || now < self.fires_at {
            return Outcome::AlreadyApplied;
        }
        let event = ExpirationComplete { id: self.order_id }.into();
        let fired = Self { status: TimerStatus::Fired, ..self };
        Outcome::Executed(Decision::new(fired, [event]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timer(status: TimerStatus) -> Timer {
        let fires_at = Timestamp::from_micros(1_000);
        Timer { order_id: OrderId::generate(), fires_at, status }
    }

    #[test]
    fn a_timer_fires_in_its_time_and_once() {
        let armed = timer(TimerStatus::Armed);
        assert_eq!(armed.fire(Timestamp::from_micros(999)), Outcome::AlreadyApplied);
        let Outcome::Executed(decision) = armed.fire(Timestamp::from_micros(1_000)) else {
            panic!("it is time");
        };
        assert_eq!(decision.events, [ExpirationComplete { id: armed.order_id }.into()]);
        assert_eq!(decision.state.fire(Timestamp::from_micros(2_000)), Outcome::AlreadyApplied);
    }

    #[test]
    fn a_dropped_timer_never_fires() {
        let dropped = timer(TimerStatus::Dropped);
        assert_eq!(dropped.fire(Timestamp::from_micros(2_000)), Outcome::AlreadyApplied);
    }
}
