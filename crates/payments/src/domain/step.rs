//! What is to be done next with a payment: the one rule that requests, events and the reconciler
//! all follow. Nothing is captured before orders has completed the order, and nothing stays held
//! after it was cancelled.

use events::OrderStatus;
use kernel::Timestamp;

use super::card::{CardToken, ChargeId};
use super::payable_order::PayableOrder;
use super::payment::{Payment, PaymentState};

/// The next thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask the gateway to hold the money.
    Authorize(CardToken),
    /// The order ended before the gateway answered: make sure that nothing is held.
    Abandon,
    /// Charge what is held: the order is complete.
    Capture(ChargeId),
    /// Let go of what is held: the order is cancelled.
    Void(ChargeId),
    /// Give back a charge for an order that isn't complete: it should not be, and must not stay.
    Refund(ChargeId),
    /// Orders has to decide first.
    Wait,
    /// Nothing, ever.
    Rest,
}

/// What to do next with `payment` for `order` at `now`.
#[must_use]
pub fn next_step(payment: &Payment, order: &PayableOrder, now: Timestamp) -> Step {
    use OrderStatus::{AwaitingPayment, Cancelled, Complete, Created};
    match (&payment.state, order.status) {
        (PaymentState::Pending { card }, Created | AwaitingPayment) if now < order.expires_at => {
            Step::Authorize(card.clone())
        }
        (PaymentState::Pending { .. }, Created | AwaitingPayment) => Step::Wait,
        (PaymentState::Pending { .. }, Complete | Cancelled) => Step::Abandon,
        (PaymentState::Authorized { .. }, Created | AwaitingPayment) => Step::Wait,
        (PaymentState::Authorized { charge }, Complete) => Step::Capture(charge.clone()),
        (PaymentState::Authorized { charge }, Cancelled) => Step::Void(charge.clone()),
        (PaymentState::Captured { charge }, Cancelled) => Step::Refund(charge.clone()),
        (PaymentState::Captured { .. }, _)
        | (
            PaymentState::Voided { .. }
            | PaymentState::Failed { .. }
            | PaymentState::Refunded { .. },
            _,
        ) => Step::Rest,
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Currency, Money, OrderId, PaymentId, UserId, Version};

    use super::*;
    use crate::domain::payment::{PaymentError, StartPayment};

    const NOW: Timestamp = Timestamp::from_micros(1_000);
    const DEADLINE: Timestamp = Timestamp::from_micros(2_000);

    fn order(status: OrderStatus) -> PayableOrder {
        PayableOrder {
            id: OrderId::generate(),
            buyer: UserId::generate(),
            price: Money::new(1999, Currency::Eur),
            status,
            expires_at: DEADLINE,
            version: Version::INITIAL,
        }
    }

    fn start(at: Timestamp) -> StartPayment {
        let card = CardToken::parse("tok_visa").unwrap();
        StartPayment { id: PaymentId::generate(), payer: UserId::generate(), card, at }
    }

    fn step(state: PaymentState, status: OrderStatus) -> Step {
        let payment = Payment::start(&order(OrderStatus::Created), start(NOW)).unwrap().state;
        next_step(&Payment { state, ..payment }, &order(status), NOW)
    }

    fn charge() -> ChargeId {
        ChargeId::new("pi_1")
    }

    #[test]
    fn only_an_open_order_can_be_paid_and_only_in_time() {
        let refused = |status, at| Payment::start(&order(status), start(at)).unwrap_err();
        assert_eq!(refused(OrderStatus::Cancelled, NOW), PaymentError::OrderCancelled);
        assert_eq!(refused(OrderStatus::Complete, NOW), PaymentError::AlreadyPaid);
        assert_eq!(refused(OrderStatus::Created, DEADLINE), PaymentError::OrderExpired);
    }

    #[test]
    fn nothing_is_captured_before_the_order_is_complete() {
        let held = || PaymentState::Authorized { charge: charge() };
        assert_eq!(step(held(), OrderStatus::Created), Step::Wait);
        assert_eq!(step(held(), OrderStatus::AwaitingPayment), Step::Wait);
        assert_eq!(step(held(), OrderStatus::Complete), Step::Capture(charge()));
    }

    #[test]
    fn nothing_stays_held_or_charged_after_the_order_was_cancelled() {
        let cancelled = |state| step(state, OrderStatus::Cancelled);
        let card = CardToken::parse("tok_visa").unwrap();
        assert_eq!(cancelled(PaymentState::Pending { card }), Step::Abandon);
        let held = PaymentState::Authorized { charge: charge() };
        assert_eq!(cancelled(held), Step::Void(charge()));
        let charged = PaymentState::Captured { charge: charge() };
        assert_eq!(cancelled(charged), Step::Refund(charge()));
    }

    #[test]
    fn a_card_is_not_asked_after_the_deadline() {
        let payment = Payment::start(&order(OrderStatus::Created), start(NOW)).unwrap().state;
        let order = order(OrderStatus::AwaitingPayment);
        assert!(matches!(next_step(&payment, &order, NOW), Step::Authorize(_)));
        assert_eq!(next_step(&payment, &order, DEADLINE), Step::Wait);
    }

    #[test]
    fn what_is_at_rest_stays_at_rest() {
        for status in OrderStatus::ALL {
            let code = crate::domain::DeclineCode::new("generic_decline");
            assert_eq!(step(PaymentState::Failed { code }, *status), Step::Rest);
            assert_eq!(step(PaymentState::Voided { charge: None }, *status), Step::Rest);
            assert_eq!(step(PaymentState::Refunded { charge: charge() }, *status), Step::Rest);
        }
    }
}
