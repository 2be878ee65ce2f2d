//! A seller takes a ticket back.

use kernel::Outcome;
use ory::Permit;
use ory::rights::EditTicket;
use outbox::retry_on_conflict;

use crate::domain::Ticket;
use crate::{Error, Tickets};

impl Tickets {
    /// Takes the ticket the permit is for off sale; answers it as it is then.
    ///
    /// # Errors
    /// When it is reserved or sold, or others keep changing it.
    pub async fn withdraw_ticket(&self, permit: Permit<EditTicket>) -> Result<Ticket, Error> {
        retry_on_conflict(|| self.try_withdraw(permit)).await
    }

    async fn try_withdraw(&self, permit: Permit<EditTicket>) -> Result<Ticket, Error> {
        let id = permit.object();
        let ticket = self.find_ticket(id).await?;
        let decided = ticket.clone().withdraw(self.clock.now());
        match decided.map_err(|error| Error::Refused(id, error))? {
            Outcome::AlreadyApplied => Ok(ticket),
            Outcome::Executed(decision) => {
                let ticket = self.change(decision).await?;
                tracing::info!(ticket.id = %id, "Withdrew ticket {id}");
                Ok(ticket)
            }
        }
    }
}
