//! Many tickets are listed at once: demo data.
//!
//! [`Tickets::begin_seeding`]; for each batch [`Seeding::draft`] and [`Tickets::seed_tickets`]; and
//! then [`Tickets::mend_indexes`]. A program that ends in between leaves tickets that can't be
//! found; the next start mends that before it serves.

use kernel::{TicketId, UserId};
use ory::tuples;

use super::create_ticket::CreateTicket;
use crate::domain::{NewTicket, Ticket};
use crate::store::indexes::{self, Places};
use crate::{Error, Tickets, store};

/// Indexes are made again when the tickets to come are at least this part of those that are there.
/// To make them takes 9 µs for each ticket, to write one into them by itself takes 55 µs (measured
/// at a million): they break even at a sixth.
const WORTH_IT: u64 = 5;

/// A time in which many tickets are listed.
pub struct Seeding {
    tickets: Tickets,
    /// None when the indexes are there, and the trigger finds a place for each ticket.
    places: Option<Places>,
}

/// A ticket that isn't stored yet.
pub struct Draft {
    /// The ticket.
    pub ticket: Ticket,
    place: Option<i64>,
}

impl Draft {
    /// A ticket whose place the database finds, which it can while the indexes are there.
    #[must_use]
    pub const fn of(ticket: Ticket) -> Self {
        Self { ticket, place: None }
    }
}

impl Seeding {
    /// The tickets that [`Tickets::create_ticket`] would make of `offers`. To be seeded in the
    /// order in which they were drafted, more or less: then their rows follow each other on disk.
    pub fn draft(&mut self, offers: Vec<(UserId, CreateTicket)>) -> Vec<Draft> {
        let (at, currency) = (self.tickets.clock.now(), self.tickets.currency);
        let draft = |(seller, offer): (UserId, CreateTicket)| {
            let CreateTicket { title, description, price } = offer;
            let new = NewTicket { title, description, price: price.of(currency) };
            let ticket = Ticket::list(TicketId::generate(), seller, new, at).state;
            let place = self.places.as_mut().map(|places| places.of(ticket.id));
            Draft { ticket, place }
        };
        offers.into_iter().map(draft).collect()
    }
}

impl Tickets {
    /// About to list `count` tickets; nobody else may be using the database. If it is worth it,
    /// indexes are set aside, and nothing can be listed or found until [`Self::mend_indexes`].
    ///
    /// # Errors
    /// When the database is away.
    pub async fn begin_seeding(&self, count: u64) -> Result<Seeding, Error> {
        let there = indexes::count(&self.journal).await?;
        let is_worth_it = count.saturating_mul(WORTH_IT) >= there;
        let places = Places::behind_all(&self.journal).await?.filter(|_| is_worth_it);
        if places.is_some() {
            indexes::set_aside(&self.journal, self.clock.now()).await?;
        }
        Ok(Seeding { tickets: self.clone(), places })
    }

    /// Lists `drafts` in one write, their owners first. No event tells of them: whoever needs to
    /// know (orders) must have been told before.
    ///
    /// # Errors
    /// When permissions or the database are away; then none is listed.
    pub async fn seed_tickets(&self, drafts: &[Draft]) -> Result<(), Error> {
        let owner = |draft: &Draft| tuples::ticket_owner(draft.ticket.id, draft.ticket.seller);
        self.permissions.grant(&drafts.iter().map(owner).collect::<Vec<_>>()).await?;
        let tickets = drafts.iter().map(|draft| (&draft.ticket, draft.place));
        store::insert_all(&self.journal, tickets, self.clock.now()).await?;
        self.showcase.forget_pages();
        Ok(())
    }

    /// How many entries indexes are to have that are missing, because tickets are being seeded or
    /// that was interrupted; none when they are whole.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn missing_entries(&self) -> Result<Option<u64>, Error> {
        let missing = indexes::missing(&self.journal).await?;
        Ok(missing.map(|missing| missing.entries()))
    }

    /// Makes the indexes that are missing; `written` is told how many more entries are. Answers of
    /// how many tickets they were made; none when nothing was missing.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn mend_indexes(&self, written: &(dyn Fn(u64) + Sync)) -> Result<Option<u64>, Error> {
        let Some(missing) = indexes::missing(&self.journal).await? else {
            return Ok(None);
        };
        let tickets = missing.tickets;
        indexes::make(&self.journal, missing, self.clock.now(), written).await?;
        Ok(Some(tickets))
    }
}
