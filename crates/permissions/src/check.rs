//! One question, answered from a model and the facts known so far.
//!
//! [`check`] never waits. When the facts don't decide the question, it says which keys it needs;
//! the caller loads exactly these, lets the [`Facts`] learn them, and calls again. A round asks
//! for all the keys that it can see, so the number of rounds grows with the depth of the data and
//! not with its breadth.
//!
//! # What counts as an answer
//!
//! Every part of a question is yes, no, or open: open for want of facts, or because it failed. A
//! part that is open decides nothing: `||` is yes when one operand is yes, whatever the others
//! are, `&&` is no when one operand is no, and in every other case with an open operand the whole
//! is open. `!` of an open part is open. So a failure ([`CheckError::TooDeep`] and its kin) is
//! never read as yes, not even behind a `!`; it becomes the result unless the answer is the same
//! whatever the failed part would have said. Facts still missing are asked for first, because
//! they may decide the question without the failed part.
//!
//! # Cycles
//!
//! `Group:a#members@Group:b#members` and its reverse are a cycle, and a legal one: to be a member
//! because one is a member is no reason. A key met again on the way from the question to itself
//! is a no on that way, which gives the least set of members that satisfies the tuples. With a `!`
//! between the two meetings, the key would hold because it doesn't; no answer is right, and the
//! part fails with [`CheckError::Paradox`]. A `!` around the whole cycle is no such case.
//!
//! The modules: `verdict` is the logic of open parts, `walk` follows the expressions and tuples.

mod verdict;
mod walk;

use std::fmt;
use std::str::FromStr;

use crate::facts::Facts;
use crate::model::Model;
use crate::tuple::{Key, Object, Tuple, TupleSyntaxError, Word, split_key};
use verdict::Verdict;
use walk::Walk;

/// May the subject do this with the object, or is it in this relation to it?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What it is about.
    pub object: Object,
    /// A relation or a permit of the object's namespace.
    pub relation: Word,
    /// Who asks.
    pub subject: Object,
}

/// How far one check may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many relations and permits may stand on the way from the question to a fact, both
    /// ends counted. A check's stack grows with it.
    pub depth_max: usize,
    /// How many relations and permits are looked at, each as often as a way leads to it.
    pub visits_max: usize,
}

/// What one round of a check comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// The facts decide the question.
    Answer(bool),
    /// They don't until these keys are known: at least one, each once, in order, none known yet.
    Need(Vec<Key>),
}

/// Why a question has no answer. It must never be taken for yes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The question names a namespace that the model doesn't declare.
    #[error("the model declares no namespace `{namespace}`")]
    UnknownNamespace {
        /// The namespace.
        namespace: String,
    },
    /// The question names neither a relation nor a permit of the object's namespace.
    #[error("`{namespace}` declares no relation or permit `{relation}`")]
    UnknownRelation {
        /// The namespace.
        namespace: String,
        /// The name.
        relation: String,
    },
    /// A known fact is no tuple that the model admits, so nothing follows from it.
    #[error("the stored tuple `{tuple}` doesn't fit the model")]
    Misfit {
        /// The tuple.
        tuple: Box<Tuple>,
    },
    /// The way to `key` is longer than [`Limits::depth_max`].
    #[error("`{key}` is more than {depth_max} steps from the question")]
    TooDeep {
        /// The first key beyond the limit.
        key: Key,
        /// The limit.
        depth_max: usize,
    },
    /// The check would look at more than [`Limits::visits_max`] relations and permits.
    #[error("the question leads to more than {visits_max} relations and permits")]
    TooWide {
        /// The limit.
        visits_max: usize,
    },
    /// The key holds if and only if it doesn't.
    #[error("`{key}` depends on its own negation")]
    Paradox {
        /// The key.
        key: Key,
    },
}

/// Answers the query, or says what must be learned first.
///
/// With facts from one consistent view of the database, calls in a loop end: each round asks only
/// for keys not known yet, and the limits bound how many there can be.
///
/// # Errors
///
/// When the query doesn't fit the model, or when a part of the question fails that the answer
/// depends on.
pub fn check(
    model: &Model,
    facts: &Facts,
    query: &Query,
    limits: Limits,
) -> Result<Step, CheckError> {
    let namespace = &query.subject.namespace;
    if model.namespace(namespace).is_none() {
        return Err(CheckError::UnknownNamespace { namespace: namespace.to_string() });
    }
    match Walk::new(model, facts, &query.subject, limits).visit(&query.object, &query.relation) {
        Verdict::Yes => Ok(Step::Answer(true)),
        Verdict::No => Ok(Step::Answer(false)),
        Verdict::Needs(keys) => Ok(Step::Need(keys.into_iter().collect())),
        Verdict::Failed(error) => Err(error),
    }
}

impl Query {
    /// A query from its parts.
    #[must_use]
    pub fn new(object: Object, relation: impl Into<Word>, subject: Object) -> Self {
        Self { object, relation: relation.into(), subject }
    }
}

/// The text form is that of a tuple whose subject is an object: `Ticket:T#edit@User:U`.
impl FromStr for Query {
    type Err = TupleSyntaxError;

    fn from_str(text: &str) -> Result<Self, TupleSyntaxError> {
        let (key, subject) = split_key(text)?;
        let Key { object, relation } = key.parse()?;
        Ok(Self { object, relation, subject: subject.parse()? })
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}@{}", self.object, self.relation, self.subject)
    }
}

/// Deep enough for a payment's right through its order and ticket (4) and a dozen nested groups.
impl Default for Limits {
    fn default() -> Self {
        Self { depth_max: 16, visits_max: 10_000 }
    }
}
