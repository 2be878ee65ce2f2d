//! What entities tell of themselves: who owns them, and what they belong to.

use std::fmt::Display;

use async_trait::async_trait;

use crate::{Object, PortError, Tuple};

/// A context that tells the relation tuples of its entities from their own rows. So a right is
/// there with its entity, in the same commit: not later, not without it, and not twice.
///
/// What is told of an entity never changes, and entities don't go; so it may be remembered. A
/// relation that changes is no matter for this port: it is a tuple to be written.
#[async_trait]
pub trait Relations: Send + Sync {
    /// The namespace of the entities, such as `Ticket`. All relations of it are told here.
    fn namespace(&self) -> &'static str;

    /// All tuples about `object`; none as long as there is no such entity.
    async fn of(&self, object: &Object) -> Result<Vec<Tuple>, PortError>;
}

/// A context could not be asked: its database is away.
pub fn not_told<E: Display>(error: E) -> PortError {
    PortError { operation: "ask an entity for its relations", reason: error.to_string() }
}
