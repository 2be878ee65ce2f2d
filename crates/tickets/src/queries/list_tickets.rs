//! A page of tickets.

use kernel::UserId;
use uuid::Uuid;

use crate::domain::{SearchTerms, Ticket};
use crate::{Error, Tickets, store};

/// Which tickets to show.
#[derive(Debug, Clone)]
pub struct ListTickets {
    /// Who asks: their own tickets are shown whatever their status.
    pub caller: Option<UserId>,
    /// What their names must hold.
    pub terms: Option<SearchTerms>,
    /// The page starts after this ticket.
    pub after: Option<Uuid>,
    /// How many rows.
    pub limit: u32,
}

/// A page of tickets, newest first.
#[derive(Debug)]
pub struct TicketPage {
    /// The tickets.
    pub tickets: Vec<Ticket>,
    /// The last one, when there are more after it.
    pub last: Option<Uuid>,
}

impl Tickets {
    /// The page of tickets that `query` asks for.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn list_tickets(&self, query: ListTickets) -> Result<TicketPage, Error> {
        let limit = query.limit;
        let mut tickets = store::list(&self.journal, &query).await?;
        let has_more = tickets.len() > limit as usize;
        tickets.truncate(limit as usize);
        let last = tickets.last().filter(|_| has_more).map(|ticket| ticket.id.as_uuid());
        Ok(TicketPage { tickets, last })
    }
}
