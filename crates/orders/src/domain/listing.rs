//! A ticket as orders knows it.

use events::{TicketInOrder, TicketStatus};
use kernel::{Money, TicketId, UserId, Version};

/// What tickets has told of one ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Who sells it.
    pub seller: UserId,
    /// What it is for.
    pub title: String,
    /// What it costs.
    pub price: Money,
    /// Whether it is on sale.
    pub status: TicketStatus,
    /// The ticket's version that says so.
    pub version: Version,
}

impl Listing {
    /// What `ticket` says.
    #[must_use]
    pub fn of(ticket: events::Ticket) -> Self {
        Self {
            ticket_id: ticket.id,
            seller: ticket.user_id,
            title: ticket.title,
            price: ticket.price.of(ticket.currency),
            status: ticket.status,
            version: ticket.version,
        }
    }

    /// What a buyer who reserves it now will pay for.
    #[must_use]
    pub fn snapshot(&self) -> TicketInOrder {
        TicketInOrder {
            id: self.ticket_id,
            title: self.title.clone(),
            price: self.price.major(),
            currency: self.price.currency(),
            version: self.version,
        }
    }
}
