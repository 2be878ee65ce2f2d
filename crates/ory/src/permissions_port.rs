//! Who may do what: relation tuples and checks, as Keto keeps and answers them.

use async_trait::async_trait;

use crate::{Object, PortError, Query, Tuple};

/// Keeps relation tuples and answers checks.
#[async_trait]
pub trait Permissions: Send + Sync {
    /// Whether the query's answer is yes. An error is never a yes.
    async fn check(&self, query: &Query) -> Result<bool, PortError>;

    /// Adds `tuples`, durably; those that are there already stay.
    async fn write(&self, tuples: &[Tuple]) -> Result<(), PortError>;

    /// Removes `tuples`, durably; those that aren't there are no error.
    async fn delete(&self, tuples: &[Tuple]) -> Result<(), PortError>;

    /// The tuples of `object` in `relation`.
    async fn list(&self, object: &Object, relation: &str) -> Result<Vec<Tuple>, PortError>;

    /// Sees to it that `rights`, which come with an entity that is about to be committed, hold no
    /// later than it is visible. Where tuples are kept apart from the entities, they are written;
    /// where entities tell them themselves ([`crate::Relations`]), there is nothing to do.
    async fn grant(&self, rights: &[Tuple]) -> Result<(), PortError> {
        self.write(rights).await
    }

    /// The entity that `rights` were granted for did not come to be.
    async fn withdraw(&self, rights: &[Tuple]) -> Result<(), PortError> {
        self.delete(rights).await
    }
}

/// Removes rights to something that did not come to be, because it lost a race. Left behind they
/// would harm nobody, since they protect nothing that exists; so a failure is only logged.
pub async fn forget_unused(permissions: &dyn Permissions, rights: &[Tuple]) {
    if let Err(error) = permissions.withdraw(rights).await {
        let object = rights.first().map(|right| right.object.to_string()).unwrap_or_default();
        tracing::warn!(object, %error, "Could not remove the rights to what was not made");
    }
}
