//! What is known of the stored tuples.

use std::collections::{BTreeMap, BTreeSet};

use crate::tuple::{Key, Subject};

/// The subjects of the keys that have been loaded so far.
///
/// A key learned with no subjects is known, and nobody is in it; a key never learned is unknown,
/// and [`check`](crate::check) asks for it when it matters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    known: BTreeMap<Key, BTreeSet<Subject>>,
}

impl Facts {
    /// Notes all the subjects of a key; what was known of it before is forgotten.
    pub fn learn(&mut self, key: Key, subjects: impl IntoIterator<Item = Subject>) {
        self.known.insert(key, subjects.into_iter().collect());
    }

    /// The subjects of a key, or `None` as long as they are unknown.
    #[must_use]
    pub fn subjects(&self, key: &Key) -> Option<&BTreeSet<Subject>> {
        self.known.get(key)
    }
}
