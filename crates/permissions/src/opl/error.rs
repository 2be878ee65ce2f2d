//! What can be wrong with a permission file, and where.

use crate::opl::ast::Position;

/// A permission file can't be used: the first problem in it, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {problem}")]
pub struct OplError {
    /// Where the problem stands.
    pub position: Position,
    /// What it is.
    pub problem: Problem,
}

/// What is wrong with a permission file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The file is larger than [`MAX_SOURCE_BYTES`](crate::opl::MAX_SOURCE_BYTES).
    #[error("expected at most {} bytes, found {bytes}", crate::opl::MAX_SOURCE_BYTES)]
    TooLarge {
        /// The file's size.
        bytes: usize,
    },
    /// Parentheses and `!` stand deeper in each other than
    /// [`MAX_NESTING`](crate::opl::MAX_NESTING).
    #[error("expected at most {} nested parentheses and `!`, found more", crate::opl::MAX_NESTING)]
    TooNested,
    /// Something else stands where the grammar wants this.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What the grammar wants.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A class, or a relation or permit of a class, is declared twice.
    #[error("expected one declaration of `{name}`, found a second; the first is at {first}")]
    Duplicate {
        /// The name of both.
        name: String,
        /// Where the first one stands.
        first: Position,
    },
    /// A type names a class that isn't declared.
    #[error("expected a declared namespace, found `{namespace}`")]
    UnknownNamespace {
        /// The name.
        namespace: String,
    },
    /// An expression or a type names a relation that its namespace doesn't declare.
    #[error("expected a relation of `{namespace}`, found `{relation}`")]
    UnknownRelation {
        /// The namespace.
        namespace: String,
        /// The name.
        relation: String,
    },
    /// An expression names a permit that its namespace doesn't declare.
    #[error("expected a permit of `{namespace}`, found `{permit}`")]
    UnknownPermit {
        /// The namespace.
        namespace: String,
        /// The name.
        permit: String,
    },
    /// An expression traverses a relation to subject sets, which Keto and TypeScript read
    /// differently.
    #[error("expected a relation of objects only to traverse, found `{relation}` with `{found}`")]
    Traversal {
        /// The relation.
        relation: String,
        /// The type that is a subject set.
        found: String,
    },
}

impl Problem {
    /// The problem as an error at a place.
    pub(crate) fn at(self, position: Position) -> OplError {
        OplError { position, problem: self }
    }
}
