//! The permission model: a file in the Ory Permission Language whose names all resolve.

use std::collections::BTreeMap;

use crate::opl::{self, Namespace, OplError, Relation, SubjectType};
use crate::tuple::Tuple;

/// The namespaces of a permission file, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    namespaces: BTreeMap<String, Namespace>,
}

/// Why a tuple doesn't fit a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TupleError {
    /// The model has no such namespace.
    #[error("`{tuple}` is about `{}`, no namespace of the model", tuple.object.namespace)]
    UnknownNamespace {
        /// The tuple.
        tuple: Box<Tuple>,
    },
    /// The namespace has no such relation; it may have a permit of the name.
    #[error("`{tuple}` is in `{}`, no relation of `{}`", tuple.relation, tuple.object.namespace)]
    UnknownRelation {
        /// The tuple.
        tuple: Box<Tuple>,
    },
    /// The relation is declared for other types of subject.
    #[error("`{tuple}` has the subject `{}`, but the relation takes {allowed}", tuple.subject)]
    Subject {
        /// The tuple.
        tuple: Box<Tuple>,
        /// The declared types, for a person to read.
        allowed: String,
    },
    /// An id is empty or holds a character that the text form can't carry.
    #[error(
        "a tuple of `{}#{}` has the id {id:?}: it takes one character or more, but no `#`, space \
         or control",
        tuple.object.namespace,
        tuple.relation
    )]
    Id {
        /// The tuple.
        tuple: Box<Tuple>,
        /// The id.
        id: String,
    },
}

impl Model {
    /// Reads a permission file.
    ///
    /// # Errors
    ///
    /// The first problem found, in the text first and then in the names.
    pub fn parse(source: &str) -> Result<Self, OplError> {
        let namespaces = opl::resolve(opl::parse(source)?)?;
        Ok(Self { namespaces })
    }

    /// The namespace of this name.
    #[must_use]
    pub fn namespace(&self, name: &str) -> Option<&Namespace> {
        self.namespaces.get(name)
    }

    /// All namespaces, ordered by name.
    pub fn namespaces(&self) -> impl Iterator<Item = &Namespace> {
        self.namespaces.values()
    }

    /// Whether the tuple may be stored: its relation is declared, and for such a subject.
    ///
    /// # Errors
    ///
    /// What doesn't fit.
    pub fn admits(&self, tuple: &Tuple) -> Result<(), TupleError> {
        let relation = self.relation_of(tuple)?;
        let boxed = || Box::new(tuple.clone());
        if !relation.admits(&tuple.subject) {
            let allowed: Vec<_> = relation.types.iter().map(SubjectType::to_string).collect();
            let allowed = allowed.join(" or ");
            return Err(TupleError::Subject { tuple: boxed(), allowed });
        }
        for object in [&tuple.object, tuple.subject.object()] {
            if !object.has_plain_id() {
                return Err(TupleError::Id { tuple: boxed(), id: object.id.clone() });
            }
        }
        Ok(())
    }

    fn relation_of(&self, tuple: &Tuple) -> Result<&Relation, TupleError> {
        let boxed = || Box::new(tuple.clone());
        self.namespace(&tuple.object.namespace)
            .ok_or_else(|| TupleError::UnknownNamespace { tuple: boxed() })?
            .relation(&tuple.relation)
            .ok_or_else(|| TupleError::UnknownRelation { tuple: boxed() })
    }
}
