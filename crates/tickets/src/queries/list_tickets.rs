//! A page of tickets.

use std::sync::Arc;

use kernel::UserId;

use crate::domain::TicketQuery;
use crate::showcase::Shown;
use crate::{Error, Tickets, store};

/// Which tickets to show. Whatever is asked for, these are approved ones, and the caller's own.
#[derive(Debug, Clone)]
pub struct ListTickets {
    /// Who asks: their own tickets are shown whatever their status.
    pub caller: Option<UserId>,
    /// What they ask for.
    pub query: TicketQuery,
}

/// A page of tickets, in the order that was asked for.
#[derive(Debug)]
pub struct TicketPage {
    /// The tickets.
    pub tickets: Vec<Arc<Shown>>,
    /// Whether there are more after the last one.
    pub has_more: bool,
}

impl Tickets {
    /// The page of tickets that `query` asks for.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn list_tickets(&self, query: ListTickets) -> Result<TicketPage, Error> {
        let limit = query.query.limit as usize;
        let found = store::list(&self.journal, &self.showcase, &query).await?;
        let has_more = found.len() > limit;
        let tickets = found.iter().take(limit).map(Arc::clone).collect();
        Ok(TicketPage { tickets, has_more })
    }

    /// How the database finds that page, step by step in its own words: for those who wonder what
    /// a query costs, and for the tests that know.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn explain_list(&self, query: ListTickets) -> Result<Vec<String>, Error> {
        Ok(store::explain_list(&self.journal, &query).await?)
    }
}
