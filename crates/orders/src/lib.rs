//! Orders: who gets a ticket. The judge of every race: a reservation is one guarded write under
//! `orders_one_active_per_ticket`, and whether money, a deadline or the buyer came first is
//! decided here and nowhere else.
//!
//! Reading order: [`domain`] (the rules), [`commands`] (load, decide, commit), [`consumers`] (what
//! tickets, payments and expiration tell), [`sweep`] (the second line of expiry), [`http`].

pub mod commands;
pub mod consumers;
pub mod domain;
pub mod http;
pub mod queries;
pub mod sweep;

mod meter;
mod relations;
mod store;

use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, OrderId, TicketId};
use ory::{Denied, Permissions, PortError, Sessions};
use outbox::{Journal, MayConflict};

pub use consumers::{HEARS, subscription};
pub use domain::OrderError;
pub use http::{api, internal, router};
pub use relations::{listed, relations};
pub use store::MIGRATIONS;

/// What the context needs from the outside.
#[derive(Clone)]
pub struct Orders {
    /// Its database.
    pub journal: Journal,
    /// Who is calling.
    pub sessions: Arc<dyn Sessions>,
    /// Who may do what.
    pub permissions: Arc<dyn Permissions>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How long a buyer has to pay.
    pub expiration_window: Duration,
}

/// Why something about orders was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such order.
    #[error("there is no order {0}")]
    NotFound(OrderId),
    /// There is no such ticket.
    #[error("there is no ticket {0}")]
    TicketNotFound(TicketId),
    /// There is such a ticket, but tickets hasn't told of it yet.
    #[error("tickets has not told of ticket {0} yet")]
    TicketNotKnownYet(TicketId),
    /// A rule of the domain says no to a new order.
    #[error("ticket {0}: {1}")]
    NotPlaced(TicketId, OrderError),
    /// A rule of the domain says no to a change.
    #[error("order {0}: {1}")]
    Refused(OrderId, OrderError),
    /// The caller has no right to it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Permissions could not be asked or written.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The database said no.
    #[error("orders' database")]
    Store(#[from] ::store::StoreError),
}

impl MayConflict for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}
