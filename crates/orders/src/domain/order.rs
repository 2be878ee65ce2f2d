//! An order, and every way it can move: `created → awaiting:payment → complete`, or from either
//! of the first two to `cancelled`. Complete and cancelled are final.

use std::time::Duration;

use events::{
    CancelReason, Event, OrderCancelled, OrderCompleted, OrderCreated, OrderStatus, PaymentStatus,
    TicketInOrder, TicketStatus,
};
use kernel::{Decision, OrderId, Outcome, Timestamp, UserId, Version};

use super::listing::Listing;
use super::payment::{PAYMENTS_FAILED_MAX, SeenPayment};

/// A reservation of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// What is reserved, at which price.
    pub ticket: TicketInOrder,
    /// Who sells it.
    pub seller: UserId,
    /// Who buys it.
    pub buyer: UserId,
    /// Where it stands.
    pub state: OrderState,
    /// When an unpaid order ends.
    pub expires_at: Timestamp,
    /// Grows with each move.
    pub version: Version,
    /// Grows with each write, also of what was seen of its payments; the guard against races.
    pub revision: Version,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it last moved.
    pub updated_at: Timestamp,
}

/// Where an order stands, with what belongs to that alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderState {
    /// Reserved.
    Created,
    /// Reserved, and a payment was started.
    AwaitingPayment,
    /// Sold.
    Complete,
    /// Ended without a sale.
    Cancelled(CancelReason),
}

impl OrderState {
    /// The public name.
    #[must_use]
    pub const fn status(self) -> OrderStatus {
        match self {
            Self::Created => OrderStatus::Created,
            Self::AwaitingPayment => OrderStatus::AwaitingPayment,
            Self::Complete => OrderStatus::Complete,
            Self::Cancelled(_) => OrderStatus::Cancelled,
        }
    }

    /// Why it was cancelled, if it was.
    #[must_use]
    pub const fn cancel_reason(self) -> Option<CancelReason> {
        match self {
            Self::Cancelled(reason) => Some(reason),
            _ => None,
        }
    }

    const fn is_final(self) -> bool {
        matches!(self, Self::Complete | Self::Cancelled(_))
    }
}

/// Who reserves, when, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct PlaceOrder {
    /// The new order's id.
    pub id: OrderId,
    /// Who buys.
    pub buyer: UserId,
    /// When.
    pub at: Timestamp,
    /// How long the buyer has to pay.
    pub window: Duration,
}

/// Why an order is not placed, or does not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// Another order holds the ticket.
    #[error("it is already reserved or sold")]
    AlreadyReserved,
    /// The ticket is not on sale.
    #[error("it is not on sale")]
    NotForSale,
    /// The buyer is the seller.
    #[error("its seller can't order it")]
    OwnTicket,
    /// It is paid for.
    #[error("it is complete")]
    Complete,
}

impl Order {
    /// Reserves the ticket of `listing`.
    ///
    /// # Errors
    /// [`OrderError`] when it isn't on sale, or the buyer sells it.
    pub fn place(
        listing: &Listing,
        place: PlaceOrder,
    ) -> Result<Decision<Self, Event>, OrderError> {
        if listing.status != TicketStatus::Approved {
            return Err(OrderError::NotForSale);
        }
        if listing.seller == place.buyer {
            return Err(OrderError::OwnTicket);
        }
        let order = Self {
            id: place.id,
            ticket: listing.snapshot(),
            seller: listing.seller,
            buyer: place.buyer,
            state: OrderState::Created,
            expires_at: place.at.plus(place.window),
            version: Version::INITIAL,
            revision: Version::INITIAL,
            created_at: place.at,
            updated_at: place.at,
        };
        let event = OrderCreated(order.public()).into();
        Ok(Decision::new(order, [event]))
    }

    /// The buyer gives the ticket back at `at`.
    ///
    /// # Errors
    /// [`OrderError::Complete`] once it is paid for.
    pub fn cancel(self, at: Timestamp) -> Result<Outcome<Decision<Self, Event>>, OrderError> {
        match self.state {
            OrderState::Complete => Err(OrderError::Complete),
            OrderState::Cancelled(_) => Ok(Outcome::AlreadyApplied),
            OrderState::Created | OrderState::AwaitingPayment => {
                Ok(Outcome::Executed(self.cancelled(CancelReason::Buyer, at)))
            }
        }
    }

    /// The time to pay may be over: cancels an unpaid order whose deadline has passed at `at`.
    pub fn expire(self, at: Timestamp) -> Outcome<Decision<Self, Event>> {
        if self.state.is_final() || at < self.expires_at {
            return Outcome::AlreadyApplied;
        }
        Outcome::Executed(self.cancelled(CancelReason::Expired, at))
    }

    /// Takes in, at `at`, what was seen of one of its payments, beside what is `known` of all.
    /// Authorized money completes an order that is still open, whatever the clock says; a final
    /// order only remembers.
    pub fn observe(
        self,
        known: &[SeenPayment],
        seen: SeenPayment,
        at: Timestamp,
    ) -> Outcome<Decision<Self, Event>> {
        if seen.is_known(known) {
            return Outcome::AlreadyApplied;
        }
        if self.state.is_final() {
            return Outcome::Executed(self.noted());
        }
        // whatever was seen of a payment, it was started
        let started = self.started(at);
        Outcome::Executed(match seen.status {
            PaymentStatus::Authorized | PaymentStatus::Captured => started.completed(at),
            PaymentStatus::Failed if seen.failures_with(known) >= PAYMENTS_FAILED_MAX => {
                started.cancelled(CancelReason::PaymentFailed, at)
            }
            _ => started.noted(),
        })
    }

    /// The order as others see it.
    #[must_use]
    pub fn public(&self) -> events::Order {
        events::Order {
            id: self.id,
            ticket: self.ticket.clone(),
            user_id: self.buyer,
            status: self.state.status(),
            expires_at: self.expires_at,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            cancel_reason: self.state.cancel_reason(),
        }
    }

    fn started(self, at: Timestamp) -> Self {
        match self.state {
            OrderState::Created => self.moved(OrderState::AwaitingPayment, at),
            _ => self,
        }
    }

    fn completed(self, at: Timestamp) -> Decision<Self, Event> {
        let order = self.moved(OrderState::Complete, at);
        let event = OrderCompleted(order.public()).into();
        Decision::new(order.next_revision(), [event])
    }

    fn cancelled(self, reason: CancelReason, at: Timestamp) -> Decision<Self, Event> {
        let order = self.moved(OrderState::Cancelled(reason), at);
        let event = OrderCancelled(order.public()).into();
        Decision::new(order.next_revision(), [event])
    }

    /// A change that no other context needs to hear of.
    fn noted(self) -> Decision<Self, Event> {
        Decision::new(self.next_revision(), [])
    }

    fn moved(self, state: OrderState, at: Timestamp) -> Self {
        Self { state, version: self.version.next(), updated_at: at, ..self }
    }

    fn next_revision(self) -> Self {
        Self { revision: self.revision.next(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Currency, Money, PaymentId, TicketId};

    use super::*;

    const NOON: Timestamp = Timestamp::from_micros(0);
    const LATER: Timestamp = Timestamp::from_micros(60_000_000);
    const WINDOW: Duration = Duration::from_secs(900);

    fn listing() -> Listing {
        Listing {
            ticket_id: TicketId::generate(),
            seller: UserId::generate(),
            title: "Nick Cave".to_owned(),
            price: Money::new(1999, Currency::Eur),
            status: TicketStatus::Approved,
            version: Version::new(3),
        }
    }

    fn by(buyer: UserId) -> PlaceOrder {
        PlaceOrder { id: OrderId::generate(), buyer, at: NOON, window: WINDOW }
    }

    fn placed() -> Order {
        Order::place(&listing(), by(UserId::generate())).unwrap().state
    }

    fn payment(status: PaymentStatus, version: u32) -> SeenPayment {
        let payment_id = PaymentId::generate();
        SeenPayment { payment_id, status, version: Version::new(version) }
    }

    fn executed(outcome: Outcome<Decision<Order, Event>>) -> Decision<Order, Event> {
        match outcome {
            Outcome::Executed(decision) => decision,
            Outcome::AlreadyApplied => panic!("nothing was done"),
        }
    }

    fn in_state(state: OrderState) -> Order {
        Order { state, ..placed() }
    }

    #[test]
    fn a_reservation_keeps_the_price_and_ends_after_the_window() {
        let decision = Order::place(&listing(), by(UserId::generate())).unwrap();
        let order = &decision.state;
        assert_eq!(order.ticket.version, Version::new(3));
        assert_eq!(order.expires_at, NOON.plus(WINDOW));
        assert_eq!(decision.events, [OrderCreated(order.public()).into()]);
    }

    #[test]
    fn only_an_approved_ticket_of_somebody_else_can_be_ordered() {
        let listing = listing();
        let own = Order::place(&listing, by(listing.seller));
        assert_eq!(own.unwrap_err(), OrderError::OwnTicket);
        for status in TicketStatus::ALL.iter().filter(|it| **it != TicketStatus::Approved) {
            let listing = Listing { status: *status, ..listing.clone() };
            let placed = Order::place(&listing, by(UserId::generate()));
            assert_eq!(placed.unwrap_err(), OrderError::NotForSale);
        }
    }

    #[test]
    fn a_buyer_cancels_until_it_is_paid() {
        for state in [OrderState::Created, OrderState::AwaitingPayment] {
            let decision = executed(in_state(state).cancel(LATER).unwrap());
            assert_eq!(decision.state.state, OrderState::Cancelled(CancelReason::Buyer));
            assert_eq!(decision.state.updated_at, LATER);
            assert_eq!(decision.events, [OrderCancelled(decision.state.public()).into()]);
        }
        let cancelled = in_state(OrderState::Cancelled(CancelReason::Expired));
        assert_eq!(cancelled.cancel(LATER), Ok(Outcome::AlreadyApplied));
        assert_eq!(in_state(OrderState::Complete).cancel(LATER), Err(OrderError::Complete));
    }

    #[test]
    fn an_unpaid_order_ends_at_its_deadline_and_not_before() {
        let before = Timestamp::from_micros(NOON.plus(WINDOW).as_micros() - 1);
        assert_eq!(placed().expire(before), Outcome::AlreadyApplied);
        let decision = executed(placed().expire(NOON.plus(WINDOW)));
        assert_eq!(decision.state.state, OrderState::Cancelled(CancelReason::Expired));
        let complete = in_state(OrderState::Complete);
        assert_eq!(complete.expire(NOON.plus(WINDOW)), Outcome::AlreadyApplied);
    }

    #[test]
    fn authorized_money_completes_an_open_order_and_nothing_else() {
        let seen = payment(PaymentStatus::Authorized, 1);
        for open in [OrderState::Created, OrderState::AwaitingPayment] {
            let decision = executed(in_state(open).observe(&[], seen, LATER));
            assert_eq!(decision.state.state, OrderState::Complete);
            assert_eq!(decision.state.updated_at, LATER);
            assert_eq!(decision.events, [OrderCompleted(decision.state.public()).into()]);
        }
        for closed in [OrderState::Complete, OrderState::Cancelled(CancelReason::Buyer)] {
            let decision = executed(in_state(closed).observe(&[], seen, LATER));
            assert_eq!(decision.state.state, closed);
            assert_eq!(decision.state.updated_at, NOON, "what nobody else sees is no change");
            assert_eq!(decision.events, []);
        }
    }

    #[test]
    fn an_order_that_skips_a_step_has_the_same_version_in_the_end() {
        let started = payment(PaymentStatus::Pending, 0);
        let authorized = SeenPayment { version: Version::new(1), ..started };
        let authorized = SeenPayment { status: PaymentStatus::Authorized, ..authorized };
        let step = executed(placed().observe(&[], started, LATER)).state;
        let stepped = executed(step.observe(&[started], authorized, LATER)).state;
        let skipped = executed(placed().observe(&[], authorized, LATER)).state;
        assert_eq!(stepped.version, skipped.version);
        assert_eq!(skipped.observe(&[authorized], started, LATER), Outcome::AlreadyApplied);
    }

    #[test]
    fn too_many_failed_payments_cancel() {
        let mut order = placed();
        let mut known = Vec::new();
        for _ in 1..PAYMENTS_FAILED_MAX {
            let failed = payment(PaymentStatus::Failed, 1);
            order = executed(order.observe(&known, failed, LATER)).state;
            known.push(failed);
            assert_eq!(order.state, OrderState::AwaitingPayment);
        }
        let decision = executed(order.observe(&known, payment(PaymentStatus::Failed, 1), LATER));
        assert_eq!(decision.state.state, OrderState::Cancelled(CancelReason::PaymentFailed));
    }
}
