//! Tickets: what sellers list, and who holds it.
//!
//! A request becomes a command ([`commands`]), the command asks the domain ([`domain`]), the
//! decision is stored with its events (`store`), and what orders tell us comes in through
//! [`consumers`]. What many look at is kept in memory ([`showcase`]). Orders are the judge of who
//! may have a ticket; this context follows.

pub mod commands;
pub mod consumers;
pub mod domain;
pub mod http;
pub mod queries;
pub mod showcase;

mod relations;
mod store;

use std::sync::Arc;

use kernel::{Clock, Currency, TicketId};
use ory::{Denied, Permissions, PortError, Sessions};
use outbox::{Journal, MayConflict};

pub use consumers::{HEARS, subscription};
pub use domain::TicketError;
pub use http::{api, router};
pub use relations::relations;
pub use showcase::{ChangedBy, Showcase};
pub use store::MIGRATIONS;

/// What the context needs from the outside.
#[derive(Clone)]
pub struct Tickets {
    /// Its database.
    pub journal: Journal,
    /// Who is calling.
    pub sessions: Arc<dyn Sessions>,
    /// Who may do what.
    pub permissions: Arc<dyn Permissions>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What many look at.
    pub showcase: Arc<Showcase>,
    /// What new tickets are priced in.
    pub currency: Currency,
}

/// Why something about tickets was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such ticket.
    #[error("there is no ticket {0}")]
    NotFound(TicketId),
    /// A rule of the domain says no.
    #[error("ticket {0}: {1}")]
    Refused(TicketId, TicketError),
    /// The caller has no right to it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Permissions could not be asked or written.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The database said no.
    #[error("tickets' database")]
    Store(#[from] ::store::StoreError),
}

impl MayConflict for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}
