//! A context as its handlers have it.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use ory::Sessions;

/// A context behind one pointer. The framework clones a route's state several times for each
/// request; without this, every part of the context would count its users each time, and the
/// processors would hand those counters to and fro.
#[derive(Debug)]
pub struct Shared<T>(Arc<T>);

/// A context that wants to know who is calling.
pub trait AsksWho {
    /// Who knows it.
    fn sessions(&self) -> &Arc<dyn Sessions>;
}

impl<T> Shared<T> {
    /// `context`, to be the state of its routes.
    #[must_use]
    pub fn new(context: T) -> Self {
        Self(Arc::new(context))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: AsksWho> FromRef<Shared<T>> for Arc<dyn Sessions> {
    fn from_ref(context: &Shared<T>) -> Self {
        Self::clone(context.sessions())
    }
}
