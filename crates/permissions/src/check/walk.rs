//! The way from a question to the facts, through expressions and tuples.
//!
//! A walk keeps no results: a key that two ways lead to is looked at twice. This keeps the rule
//! for cycles simple, and [`Limits::visits_max`] bounds what it costs.

use crate::check::verdict::Verdict;
use crate::check::{CheckError, Limits};
use crate::facts::Facts;
use crate::model::Model;
use crate::opl::{Expr, Hop, Name, Relation};
use crate::tuple::{Key, Object, Subject, Tuple};

/// One walk for one subject.
pub(super) struct Walk<'a> {
    model: &'a Model,
    facts: &'a Facts,
    subject: Subject,
    limits: Limits,
    /// The keys from the question to here.
    path: Vec<Visit<'a>>,
    /// How many `!` stand around here, from the question on.
    negations: usize,
    visits: usize,
}

/// One key on the path.
struct Visit<'a> {
    object: &'a Object,
    name: &'a str,
    negations: usize,
}

/// What a name means in a namespace.
enum Meaning<'a> {
    Relation(&'a Relation),
    Permit(&'a Expr),
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        model: &'a Model,
        facts: &'a Facts,
        subject: &Object,
        limits: Limits,
    ) -> Self {
        let subject = Subject::Id(subject.clone());
        Self { model, facts, subject, limits, path: Vec::new(), negations: 0, visits: 0 }
    }

    /// Whether the subject is in the relation, or has the permit.
    pub(super) fn visit(&mut self, object: &'a Object, name: &'a str) -> Verdict {
        let met = self.path.iter().find(|visit| visit.name == name && visit.object == object);
        if let Some(earlier) = met {
            return if earlier.negations == self.negations {
                Verdict::No
            } else {
                Verdict::Failed(CheckError::Paradox { key: key_of(object, name) })
            };
        }
        let meaning = match self.enter(object, name) {
            Ok(meaning) => meaning,
            Err(error) => return Verdict::Failed(error),
        };
        self.path.push(Visit { object, name, negations: self.negations });
        let verdict = match meaning {
            Meaning::Relation(relation) => self.includes(object, relation),
            Meaning::Permit(expr) => self.expr(object, expr),
        };
        self.path.pop();
        verdict
    }

    /// Holds the limits, and finds what the key means.
    fn enter(&mut self, object: &Object, name: &str) -> Result<Meaning<'a>, CheckError> {
        let Limits { depth_max, visits_max } = self.limits;
        if self.path.len() >= depth_max {
            return Err(CheckError::TooDeep { key: key_of(object, name), depth_max });
        }
        if self.visits >= visits_max {
            return Err(CheckError::TooWide { visits_max });
        }
        self.visits += 1;
        meaning(self.model, &object.namespace, name)
    }

    /// Whether the subject is one of the relation's subjects, or in one of their sets.
    fn includes(&mut self, object: &'a Object, relation: &'a Relation) -> Verdict {
        let facts = self.facts;
        let name = relation.name.as_str();
        let Some(subjects) = facts.related(object, name) else {
            return Verdict::needs(key_of(object, name));
        };
        if subjects.contains(&self.subject) && relation.admits(&self.subject) {
            return Verdict::Yes;
        }
        Verdict::any(subjects.iter().map(|subject| match subject {
            _ if !relation.admits(subject) => misfit(object, name, subject),
            Subject::Set { object, relation } => self.visit(object, relation),
            Subject::Id(_) => Verdict::No,
        }))
    }

    fn expr(&mut self, object: &'a Object, expr: &'a Expr) -> Verdict {
        match expr {
            Expr::Includes(name) | Expr::Permits(name) => self.visit(object, name.as_str()),
            Expr::Traverse { relation, hop } => self.traverse(object, relation, hop),
            Expr::Not(operand) => {
                self.negations += 1;
                let verdict = self.expr(object, operand);
                self.negations -= 1;
                verdict.not()
            }
            Expr::All(operands) => Verdict::all(operands.iter().map(|e| self.expr(object, e))),
            Expr::Any(operands) => Verdict::any(operands.iter().map(|e| self.expr(object, e))),
        }
    }

    /// Whether the hop holds for one of the related objects.
    fn traverse(&mut self, object: &'a Object, name: &'a Name, hop: &'a Hop) -> Verdict {
        let name = name.as_str();
        let facts = self.facts;
        let Some(subjects) = facts.related(object, name) else {
            return Verdict::needs(key_of(object, name));
        };
        let relation = self.model.namespace(&object.namespace).and_then(|n| n.relation(name));
        Verdict::any(subjects.iter().map(|subject| match subject {
            Subject::Id(parent) if relation.is_some_and(|relation| relation.admits(subject)) => {
                self.visit(parent, hop.name().as_str())
            }
            _ => misfit(object, name, subject),
        }))
    }
}

fn key_of(object: &Object, name: &str) -> Key {
    Key::new(object.clone(), name.to_owned())
}

fn misfit(object: &Object, relation: &str, subject: &Subject) -> Verdict {
    let (object, relation) = (object.clone(), relation.to_owned().into());
    let tuple = Box::new(Tuple { object, relation, subject: subject.clone() });
    Verdict::Failed(CheckError::Misfit { tuple })
}

fn meaning<'a>(model: &'a Model, namespace: &str, name: &str) -> Result<Meaning<'a>, CheckError> {
    let Some(declared) = model.namespace(namespace) else {
        return Err(CheckError::UnknownNamespace { namespace: namespace.to_owned() });
    };
    if let Some(relation) = declared.relation(name) {
        return Ok(Meaning::Relation(relation));
    }
    if let Some(permit) = declared.permit(name) {
        return Ok(Meaning::Permit(&permit.expr));
    }
    let (namespace, relation) = (namespace.to_owned(), name.to_owned());
    Err(CheckError::UnknownRelation { namespace, relation })
}
