//! The public events: what one context tells the others, and nothing else passes between them.
//!
//! [`entities`] holds the public form of a ticket, an order and a payment, as events carry it and
//! the HTTP API answers it. Each event has a file of its own that says who sends it, to whom and
//! why. [`Event`] is any of them; sealed into an [`Envelope`] (CloudEvents 1.0, JSON) it travels.
//! [`schema`] describes their fields to those who read the API's documents.

mod envelope;
mod event;

pub mod entities;
pub mod expiration_complete;
pub mod order_cancelled;
pub mod order_completed;
pub mod order_created;
pub mod payment_created;
pub mod payment_failed;
pub mod payment_refunded;
pub mod payment_started;
pub mod schema;
pub mod ticket_created;
pub mod ticket_updated;

pub use entities::{
    CancelReason, Order, OrderStatus, Payment, PaymentStatus, Ticket, TicketInOrder, TicketStatus,
};
pub use envelope::{Envelope, OpenError};
pub use event::{Described, Event, PublicEvent};
pub use expiration_complete::ExpirationComplete;
pub use order_cancelled::OrderCancelled;
pub use order_completed::OrderCompleted;
pub use order_created::OrderCreated;
pub use payment_created::PaymentCreated;
pub use payment_failed::PaymentFailed;
pub use payment_refunded::PaymentRefunded;
pub use payment_started::PaymentStarted;
pub use ticket_created::TicketCreated;
pub use ticket_updated::TicketUpdated;
