//! What payments tell of themselves: who pays, and for which order. Neither ever changes, and no
//! payment goes.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::PaymentId;
use ory::rights::ViewPayment;
use ory::{Object, PortError, Relations, Right, Tuple, not_told, tuples};
use outbox::Journal;

use crate::store;

/// Who owns the payments in `journal`, and what they are for.
#[must_use]
pub fn relations(journal: Journal) -> Arc<dyn Relations> {
    Arc::new(PaymentRelations(journal))
}

struct PaymentRelations(Journal);

#[async_trait]
impl Relations for PaymentRelations {
    fn namespace(&self) -> &'static str {
        ViewPayment::NAMESPACE
    }

    async fn of(&self, object: &Object) -> Result<Vec<Tuple>, PortError> {
        let Ok(id) = PaymentId::parse(&object.id) else {
            return Ok(Vec::new());
        };
        let parties = store::parties(&self.0, id).await.map_err(not_told)?;
        Ok(parties.map_or_else(Vec::new, |(payer, order)| {
            vec![tuples::payment_owner(id, payer), tuples::payment_parent(id, order)]
        }))
    }
}
