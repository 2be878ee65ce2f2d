//! `ticket:updated`: tickets tells orders (and moderation) of a new price, a reservation,
//! a release.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entities::Ticket;
use crate::event::carries;

/// A ticket changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct TicketUpdated(pub Ticket);

carries!(TicketUpdated(Ticket), "ticket:updated", from "/tickets");
