//! A seller changes a ticket.

use kernel::Outcome;
use ory::Permit;
use ory::rights::EditTicket;
use outbox::retry_on_conflict;

use crate::domain::{Edit, Ticket};
use crate::{Error, Tickets};

impl Tickets {
    /// Changes the ticket the permit is for; answers it as it is then.
    ///
    /// # Errors
    /// When a rule says no, or others keep changing it.
    pub async fn edit_ticket(
        &self,
        permit: Permit<EditTicket>,
        edit: Edit,
    ) -> Result<Ticket, Error> {
        retry_on_conflict(|| self.try_edit(permit, edit.clone())).await
    }

    async fn try_edit(&self, permit: Permit<EditTicket>, edit: Edit) -> Result<Ticket, Error> {
        let id = permit.object();
        let ticket = self.find_ticket(id).await?;
        let decided = ticket.clone().edit(edit, self.clock.now());
        match decided.map_err(|error| Error::Refused(id, error))? {
            Outcome::AlreadyApplied => Ok(ticket),
            Outcome::Executed(decision) => {
                let ticket = self.change(decision).await?;
                tracing::info!(ticket.id = %id, "Edited ticket {id}");
                Ok(ticket)
            }
        }
    }
}
