//! What orders tell of themselves: who buys, and which ticket. Neither ever changes, and no order
//! goes. And what this context was told of tickets: who sells them.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::{OrderId, TicketId};
use ory::rights::{EditOrder, OrderTicket};
use ory::{Object, PortError, Relations, Right, Tuple, not_told, tuples};
use outbox::Journal;

use crate::store;

/// Who owns the orders in `journal`, and what they are for.
#[must_use]
pub fn relations(journal: Journal) -> Arc<dyn Relations> {
    Arc::new(OrderRelations(journal))
}

struct OrderRelations(Journal);

#[async_trait]
impl Relations for OrderRelations {
    fn namespace(&self) -> &'static str {
        EditOrder::NAMESPACE
    }

    async fn of(&self, object: &Object) -> Result<Vec<Tuple>, PortError> {
        let Ok(id) = OrderId::parse(&object.id) else {
            return Ok(Vec::new());
        };
        let parties = store::parties(&self.0, id).await.map_err(not_told)?;
        Ok(parties.map_or_else(Vec::new, |(buyer, ticket)| {
            vec![tuples::order_owner(id, buyer), tuples::order_parent(id, ticket)]
        }))
    }
}

/// Who sells the tickets that `journal` was told of, for a process that has orders and not tickets.
#[must_use]
pub fn listed(journal: Journal) -> Arc<dyn Relations> {
    Arc::new(ListedTickets(journal))
}

struct ListedTickets(Journal);

#[async_trait]
impl Relations for ListedTickets {
    fn namespace(&self) -> &'static str {
        OrderTicket::NAMESPACE
    }

    async fn of(&self, object: &Object) -> Result<Vec<Tuple>, PortError> {
        let Ok(id) = TicketId::parse(&object.id) else {
            return Ok(Vec::new());
        };
        let seller = store::seller(&self.0, id).await.map_err(not_told)?;
        Ok(seller.map(|seller| tuples::ticket_owner(id, seller)).into_iter().collect())
    }
}
