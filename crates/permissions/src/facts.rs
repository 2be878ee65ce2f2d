//! What is known of the stored tuples.

use std::collections::{BTreeMap, BTreeSet};

use crate::tuple::{Key, Object, Subject, Word};

/// The subjects of the keys that have been loaded so far.
///
/// A key learned with no subjects is known, and nobody is in it; a key never learned is unknown,
/// and [`check`](crate::check) asks for it when it matters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    known: BTreeMap<Object, BTreeMap<Word, BTreeSet<Subject>>>,
}

impl Facts {
    /// Notes all the subjects of a key; what was known of it before is forgotten.
    pub fn learn(&mut self, key: Key, subjects: impl IntoIterator<Item = Subject>) {
        let Key { object, relation } = key;
        let subjects = subjects.into_iter().collect();
        self.known.entry(object).or_default().insert(relation, subjects);
    }

    /// The subjects of a key, or `None` as long as they are unknown.
    #[must_use]
    pub fn subjects(&self, key: &Key) -> Option<&BTreeSet<Subject>> {
        self.related(&key.object, &key.relation)
    }

    /// As [`Self::subjects`], of the key's parts.
    pub(crate) fn related(&self, object: &Object, relation: &str) -> Option<&BTreeSet<Subject>> {
        self.known.get(object)?.get(relation)
    }
}
