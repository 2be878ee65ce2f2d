//! What tickets tell of themselves: who sells them. A seller never changes, and no ticket goes.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::TicketId;
use ory::rights::EditTicket;
use ory::{Object, PortError, Relations, Right, Tuple, not_told, tuples};
use outbox::Journal;

use crate::store;

/// Who owns the tickets in `journal`.
#[must_use]
pub fn relations(journal: Journal) -> Arc<dyn Relations> {
    Arc::new(TicketRelations(journal))
}

struct TicketRelations(Journal);

#[async_trait]
impl Relations for TicketRelations {
    fn namespace(&self) -> &'static str {
        EditTicket::NAMESPACE
    }

    async fn of(&self, object: &Object) -> Result<Vec<Tuple>, PortError> {
        let Ok(id) = TicketId::parse(&object.id) else {
            return Ok(Vec::new());
        };
        let seller = store::seller(&self.0, id).await.map_err(not_told)?;
        Ok(seller.map(|seller| tuples::ticket_owner(id, seller)).into_iter().collect())
    }
}
