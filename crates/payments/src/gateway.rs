//! The port to the card gateway: what the exchange needs of Stripe, or of the sandbox.
//!
//! Every operation may be repeated and then answers the same; `authorize` by its key, the others
//! by the charge's own state. A time-out says nothing about what happened at the other end.

use async_trait::async_trait;
use kernel::{Money, PaymentId};

use crate::domain::{CardToken, ChargeId, DeclineCode};

/// What to hold on which card. The payment's id is the idempotency key.
#[derive(Debug, Clone)]
pub struct Authorize {
    /// The idempotency key.
    pub key: PaymentId,
    /// How much.
    pub amount: Money,
    /// From whom.
    pub card: CardToken,
}

/// What there is of a payment that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Abandoned {
    /// Nothing, and there never will be.
    Nothing,
    /// The money is held, as an earlier attempt asked: it must be voided.
    Held(ChargeId),
    /// The card was declined.
    Declined(DeclineCode),
}

/// Why the gateway did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// The card was declined. Final.
    #[error("the card was declined: {0}")]
    Declined(DeclineCode),
    /// The key was given up before: nothing is held, and nothing will be.
    #[error("the key was given up")]
    GivenUp,
    /// No answer: it may have happened or not. Ask again with the same key.
    #[error("the card gateway didn't answer: {0}")]
    NoAnswer(String),
    /// The gateway says that the request makes no sense. A fault of ours.
    #[error("the card gateway refused: {0}")]
    Refused(String),
}

/// Moves the money.
#[async_trait]
pub trait CardGateway: Send + Sync {
    /// Holds the amount on the card. The same key gives the same answer, or
    /// [`GatewayError::GivenUp`] if [`Self::abandon`] came before the first.
    async fn authorize(&self, request: &Authorize) -> Result<ChargeId, GatewayError>;

    /// Gives a key up: from now on no `authorize` with it will hold anything.
    async fn abandon(&self, key: PaymentId) -> Result<Abandoned, GatewayError>;

    /// Charges what is held.
    async fn capture(&self, charge: &ChargeId) -> Result<(), GatewayError>;

    /// Lets go of what is held.
    async fn void(&self, charge: &ChargeId) -> Result<(), GatewayError>;

    /// Gives a charge back.
    async fn refund(&self, charge: &ChargeId) -> Result<(), GatewayError>;
}
