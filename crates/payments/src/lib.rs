//! Payments: never a charge without a ticket, never two.
//!
//! The card is authorized first; orders decides; then the money is captured or let go. What to do
//! next with a payment is one pure function ([`domain::next_step`]); one driver carries it out
//! ([`settle()`]), whether a request, an event or the reconciler asks for it, and every step can be
//! repeated: the gateway by its idempotency key, the database by the payment's version.
//!
//! Reading order: [`domain`], [`gateway`] (the port to the card gateway), [`settle()`],
//! [`commands`], [`consumers`], [`http`].

pub mod commands;
pub mod consumers;
pub mod domain;
pub mod gateway;
pub mod http;
pub mod queries;
pub mod settle;

mod hints;

mod relations;

mod store;

use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, OrderId, PaymentId};
use ory::{Denied, Permissions, PortError, Sessions};
use outbox::{Journal, MayConflict};

pub use consumers::{HEARS, subscription};
pub use domain::PaymentError;
pub use gateway::{Authorize, CardGateway, GatewayError};
pub use hints::Hints;
pub use http::{api, router};
pub use relations::relations;
pub use settle::settle;
pub use store::MIGRATIONS;

/// What the context needs from the outside.
#[derive(Clone)]
pub struct Payments {
    /// Its database.
    pub journal: Journal,
    /// Who is calling.
    pub sessions: Arc<dyn Sessions>,
    /// Who may do what.
    pub permissions: Arc<dyn Permissions>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who moves the money.
    pub gateway: Arc<dyn CardGateway>,
    /// Which payments the driver should look at, and which have moved.
    pub hints: Hints,
    /// How long a buyer waits for the outcome before hearing the state so far.
    pub patience: Duration,
}

/// Why something about payments was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such payment.
    #[error("there is no payment {0}")]
    NotFound(PaymentId),
    /// There is no such order.
    #[error("there is no order {0}")]
    OrderNotFound(OrderId),
    /// There is such an order, but orders hasn't told of it yet.
    #[error("orders has not told of order {0} yet")]
    OrderNotKnownYet(OrderId),
    /// A rule of the domain says no to a payment.
    #[error("order {0}: {1}")]
    Refused(OrderId, PaymentError),
    /// The caller has no right to it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Permissions could not be asked or written.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The card gateway did not do what the payment needs next.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The database said no.
    #[error("payments' database")]
    Store(#[from] ::store::StoreError),
}

impl MayConflict for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}
