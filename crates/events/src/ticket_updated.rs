//! `ticket:updated`: tickets tells orders (and moderation) of a new price, a reservation,
//! a release.

use serde::{Deserialize, Serialize};

use crate::entities::Ticket;
use crate::event::carries;

/// A ticket changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TicketUpdated(pub Ticket);

carries!(TicketUpdated(Ticket), "ticket:updated", from "/tickets");
