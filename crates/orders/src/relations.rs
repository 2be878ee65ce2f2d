//! What orders tell of themselves: who buys, and which ticket. Neither ever changes, and no order
//! goes.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::OrderId;
use ory::rights::EditOrder;
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
