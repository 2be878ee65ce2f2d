//! Relation tuples: the stored facts, in memory and in Keto's text form.
//!
//! A [`Tuple`] says that a [`Subject`] stands in a relation to an [`Object`]. The subject is
//! an object itself (`User:U`) or everyone who is in a relation to one (`Group:admin#members`).
//! The text form is `namespace:id#relation@subject`. A namespace and a relation are
//! identifiers; an id is any text without `#`, white space or control characters, so the first
//! `:`, the first `#` and the first `@` after it are the separators.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::opl::is_identifier;

/// The name of a namespace or a relation. Most are written in the program, and cost nothing.
pub type Word = Cow<'static, str>;

/// A thing of a namespace: `Ticket:T`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Object {
    /// Its kind, a class of the model.
    pub namespace: Word,
    /// Its id within the namespace.
    pub id: String,
}

/// An object together with one of its relations or permits: `Ticket:T#owners`.
///
/// As a key of [`Facts`](crate::Facts) it stands for "the subjects of this relation".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The object.
    pub object: Object,
    /// The name of the relation or permit.
    pub relation: Word,
}

/// Who is in a relation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The object itself: `User:U`.
    Id(Object),
    /// Everyone in a relation to an object: `Group:admin#members`.
    Set {
        /// The object, as `Group:admin`.
        object: Object,
        /// The relation, as `members`.
        relation: Word,
    },
}

/// One stored fact: `Ticket:T#owners@User:U`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tuple {
    /// What the fact is about.
    pub object: Object,
    /// The relation of the object's namespace.
    pub relation: Word,
    /// Who is in the relation.
    pub subject: Subject,
}

/// Why a text is no object, key, subject or tuple.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TupleSyntaxError {
    /// No `:` between the namespace and the id.
    #[error("`{0}` has no `:` between a namespace and an id")]
    MissingColon(String),
    /// No `#` between the object and the relation.
    #[error("`{0}` has no `#` between an object and a relation")]
    MissingHash(String),
    /// No `@` between the relation and the subject.
    #[error("`{0}` has no `@` between a relation and a subject")]
    MissingAt(String),
    /// The namespace is no identifier.
    #[error("`{0}` is no namespace: it takes letters, digits and `_`, and no digit first")]
    Namespace(String),
    /// The relation is no identifier.
    #[error("`{0}` is no relation: it takes letters, digits and `_`, and no digit first")]
    Relation(String),
    /// The id is empty or holds a character that the text form can't carry.
    #[error("{0:?} is no id: it takes one character or more, but no `#`, space or control")]
    Id(String),
}

impl Object {
    /// An object from its parts, unchecked: [`Model::admits`](crate::Model::admits) judges them.
    #[must_use]
    pub fn new(namespace: impl Into<Word>, id: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), id: id.into() }
    }

    /// Whether the text form can carry the id.
    pub(crate) fn has_plain_id(&self) -> bool {
        let odd = |c: char| c == '#' || c.is_whitespace() || c.is_control();
        !self.id.is_empty() && !self.id.contains(odd)
    }
}

impl Key {
    /// A key from its parts.
    #[must_use]
    pub fn new(object: Object, relation: impl Into<Word>) -> Self {
        Self { object, relation: relation.into() }
    }
}

impl Subject {
    /// The object that the subject is, or whose relation it is.
    #[must_use]
    pub fn object(&self) -> &Object {
        match self {
            Self::Id(object) | Self::Set { object, .. } => object,
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.namespace, self.id)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.object, self.relation)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(object) => write!(f, "{object}"),
            Self::Set { object, relation } => write!(f, "{object}#{relation}"),
        }
    }
}

impl fmt::Display for Tuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}@{}", self.object, self.relation, self.subject)
    }
}

impl FromStr for Object {
    type Err = TupleSyntaxError;

    fn from_str(text: &str) -> Result<Self, TupleSyntaxError> {
        let (namespace, id) =
            text.split_once(':').ok_or_else(|| TupleSyntaxError::MissingColon(text.into()))?;
        if !is_identifier(namespace) {
            return Err(TupleSyntaxError::Namespace(namespace.into()));
        }
        let object = Self::new(namespace.to_owned(), id);
        if !object.has_plain_id() {
            return Err(TupleSyntaxError::Id(object.id));
        }
        Ok(object)
    }
}

impl FromStr for Key {
    type Err = TupleSyntaxError;

    fn from_str(text: &str) -> Result<Self, TupleSyntaxError> {
        let (object, relation) =
            text.split_once('#').ok_or_else(|| TupleSyntaxError::MissingHash(text.into()))?;
        let object = object.parse()?;
        if !is_identifier(relation) {
            return Err(TupleSyntaxError::Relation(relation.into()));
        }
        Ok(Self::new(object, relation.to_owned()))
    }
}

impl FromStr for Subject {
    type Err = TupleSyntaxError;

    fn from_str(text: &str) -> Result<Self, TupleSyntaxError> {
        if text.contains('#') {
            let Key { object, relation } = text.parse()?;
            return Ok(Self::Set { object, relation });
        }
        text.parse().map(Self::Id)
    }
}

impl FromStr for Tuple {
    type Err = TupleSyntaxError;

    fn from_str(text: &str) -> Result<Self, TupleSyntaxError> {
        let (key, subject) = split_key(text)?;
        let Key { object, relation } = key.parse()?;
        Ok(Self { object, relation, subject: subject.parse()? })
    }
}

/// Splits `key@subject` at the first `@` after the first `#`: ids may be mail addresses.
pub(crate) fn split_key(text: &str) -> Result<(&str, &str), TupleSyntaxError> {
    let hash = text.find('#').ok_or_else(|| TupleSyntaxError::MissingHash(text.into()))?;
    let at = text[hash..].find('@').ok_or_else(|| TupleSyntaxError::MissingAt(text.into()))?;
    let (key, subject) = text.split_at(hash + at);
    Ok((key, &subject[1..]))
}
