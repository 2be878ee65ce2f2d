//! A payment, and every way it can move: `pending → authorized → captured (→ refunded)`, with
//! `failed` from pending, and `voided` from pending or authorized.

use events::{
    Event, OrderStatus, PaymentCreated, PaymentFailed, PaymentRefunded, PaymentStarted,
    PaymentStatus,
};
use kernel::{Decision, Money, OrderId, PaymentId, Timestamp, UserId, Version};

use super::card::{CardToken, ChargeId, DeclineCode};
use super::payable_order::PayableOrder;

/// One attempt to pay for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its id, and the gateway's idempotency key.
    pub id: PaymentId,
    /// What is paid for.
    pub order_id: OrderId,
    /// Who pays.
    pub payer: UserId,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: PaymentState,
    /// Grows with each move.
    pub version: Version,
    /// When the buyer asked.
    pub created_at: Timestamp,
}

/// Where a payment stands, with what belongs to that alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentState {
    /// The gateway hasn't answered yet.
    Pending {
        /// Which card to ask.
        card: CardToken,
    },
    /// The gateway holds the money.
    Authorized {
        /// The hold.
        charge: ChargeId,
    },
    /// The buyer is charged.
    Captured {
        /// The charge.
        charge: ChargeId,
    },
    /// Nobody is charged: the hold was released, or never came to be.
    Voided {
        /// The hold that was released, if there was one.
        charge: Option<ChargeId>,
    },
    /// The card was declined.
    Failed {
        /// Why.
        code: DeclineCode,
    },
    /// The charge was given back.
    Refunded {
        /// The charge.
        charge: ChargeId,
    },
}

impl PaymentState {
    /// The public name.
    #[must_use]
    pub const fn status(&self) -> PaymentStatus {
        match self {
            Self::Pending { .. } => PaymentStatus::Pending,
            Self::Authorized { .. } => PaymentStatus::Authorized,
            Self::Captured { .. } => PaymentStatus::Captured,
            Self::Voided { .. } => PaymentStatus::Voided,
            Self::Failed { .. } => PaymentStatus::Failed,
            Self::Refunded { .. } => PaymentStatus::Refunded,
        }
    }

    /// The gateway's id of it, once there is one.
    #[must_use]
    pub const fn charge(&self) -> Option<&ChargeId> {
        match self {
            Self::Authorized { charge } | Self::Captured { charge } | Self::Refunded { charge } => {
                Some(charge)
            }
            Self::Voided { charge } => charge.as_ref(),
            Self::Pending { .. } | Self::Failed { .. } => None,
        }
    }
}

/// Who pays, when, with which card.
#[derive(Debug, Clone)]
pub struct StartPayment {
    /// The new payment's id.
    pub id: PaymentId,
    /// Who pays.
    pub payer: UserId,
    /// With which card.
    pub card: CardToken,
    /// When.
    pub at: Timestamp,
}

/// Why an order is not paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// The order was cancelled.
    #[error("it is cancelled")]
    OrderCancelled,
    /// The time to pay is over.
    #[error("the time to pay is over")]
    OrderExpired,
    /// The order is paid.
    #[error("it is already paid")]
    AlreadyPaid,
    /// Another payment for it is under way.
    #[error("another payment for it is under way")]
    InProgress,
}

impl Payment {
    /// Begins to pay for `order`.
    ///
    /// # Errors
    /// [`PaymentError`] when the order is cancelled, over its deadline, or already paid.
    pub fn start(
        order: &PayableOrder,
        start: StartPayment,
    ) -> Result<Decision<Self, Event>, PaymentError> {
        match order.status {
            OrderStatus::Cancelled => return Err(PaymentError::OrderCancelled),
            OrderStatus::Complete => return Err(PaymentError::AlreadyPaid),
            OrderStatus::Created | OrderStatus::AwaitingPayment => {}
        }
        if start.at >= order.expires_at {
            return Err(PaymentError::OrderExpired);
        }
        let payment = Self {
            id: start.id,
            order_id: order.id,
            payer: start.payer,
            amount: order.price,
            state: PaymentState::Pending { card: start.card },
            version: Version::INITIAL,
            created_at: start.at,
        };
        let event = PaymentStarted(payment.public()).into();
        Ok(Decision::new(payment, [event]))
    }

    /// The gateway holds the money; orders must know.
    pub fn authorized(self, charge: ChargeId) -> Decision<Self, Event> {
        let payment = self.moved(PaymentState::Authorized { charge });
        let event = PaymentCreated(payment.public()).into();
        Decision::new(payment, [event])
    }

    /// The card was declined; orders must know.
    pub fn failed(self, code: DeclineCode) -> Decision<Self, Event> {
        let payment = self.moved(PaymentState::Failed { code });
        let event = PaymentFailed(payment.public()).into();
        Decision::new(payment, [event])
    }

    /// The buyer is charged, as orders decided.
    pub fn captured(self, charge: ChargeId) -> Decision<Self, Event> {
        Decision::new(self.moved(PaymentState::Captured { charge }), [])
    }

    /// Nobody is charged, as orders decided.
    pub fn voided(self, charge: Option<ChargeId>) -> Decision<Self, Event> {
        Decision::new(self.moved(PaymentState::Voided { charge }), [])
    }

    /// The charge was given back; orders must know.
    pub fn refunded(self, charge: ChargeId) -> Decision<Self, Event> {
        let payment = self.moved(PaymentState::Refunded { charge });
        let event = PaymentRefunded(payment.public()).into();
        Decision::new(payment, [event])
    }

    /// The payment as others see it.
    #[must_use]
    pub fn public(&self) -> events::Payment {
        events::Payment {
            id: self.id,
            order_id: self.order_id,
            stripe_id: self.state.charge().map(|charge| charge.as_str().to_owned()),
            version: self.version,
            status: self.state.status(),
            amount: self.amount.major(),
            currency: self.amount.currency(),
        }
    }

    fn moved(self, state: PaymentState) -> Self {
        Self { state, version: self.version.next(), ..self }
    }
}
