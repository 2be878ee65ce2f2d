//! `ticket:created`: tickets tells orders (and moderation) what can be reserved.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entities::Ticket;
use crate::event::carries;

/// A ticket was listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct TicketCreated(pub Ticket);

carries!(TicketCreated(Ticket), "ticket:created", from "/tickets");
