//! Every name has one declaration, and every use of a name has one to mean.

use std::collections::BTreeMap;

use crate::opl::ast::{Expr, Hop, Name, Namespace, Relation, SubjectType};
use crate::opl::error::{OplError, Problem};

/// Indexes the namespaces by name, once nothing in them is left unresolved.
pub(crate) fn resolve(namespaces: Vec<Namespace>) -> Result<BTreeMap<String, Namespace>, OplError> {
    unique(namespaces.iter().map(|namespace| &namespace.name))?;
    let index: BTreeMap<_, _> =
        namespaces.iter().map(|namespace| (namespace.name.as_str(), namespace)).collect();
    for namespace in &namespaces {
        Scope { index: &index, namespace }.check()?;
    }
    Ok(namespaces.into_iter().map(|namespace| (namespace.name.to_string(), namespace)).collect())
}

fn unique<'a>(names: impl Iterator<Item = &'a Name>) -> Result<(), OplError> {
    let mut seen = BTreeMap::new();
    for name in names {
        if let Some(first) = seen.insert(name.as_str(), name.position()) {
            return Err(Problem::Duplicate { name: name.to_string(), first }.at(name.position()));
        }
    }
    Ok(())
}

/// A namespace among its neighbours.
struct Scope<'a> {
    index: &'a BTreeMap<&'a str, &'a Namespace>,
    namespace: &'a Namespace,
}

impl Scope<'_> {
    fn check(&self) -> Result<(), OplError> {
        let Namespace { relations, permits, .. } = self.namespace;
        // Relations and permits share their names: a check asks for either in the same way.
        let relation_names = relations.iter().map(|relation| &relation.name);
        unique(relation_names.chain(permits.iter().map(|permit| &permit.name)))?;
        for subject_type in relations.iter().flat_map(|relation| &relation.types) {
            self.subject_type(subject_type)?;
        }
        permits.iter().try_for_each(|permit| self.expr(&permit.expr))
    }

    fn subject_type(&self, subject_type: &SubjectType) -> Result<(), OplError> {
        match subject_type {
            SubjectType::Object(name) => self.namespace(name).map(drop),
            SubjectType::Set { namespace, relation } => {
                relation_of(self.namespace(namespace)?, relation).map(drop)
            }
        }
    }

    fn expr(&self, expr: &Expr) -> Result<(), OplError> {
        match expr {
            Expr::Includes(relation) => relation_of(self.namespace, relation).map(drop),
            Expr::Permits(permit) => permit_of(self.namespace, permit),
            Expr::Traverse { relation, hop } => self.traverse(relation, hop),
            Expr::Not(operand) => self.expr(operand),
            Expr::All(operands) | Expr::Any(operands) => {
                operands.iter().try_for_each(|operand| self.expr(operand))
            }
        }
    }

    /// Each type that the relation may lead to has what the hop asks for.
    fn traverse(&self, relation: &Name, hop: &Hop) -> Result<(), OplError> {
        for subject_type in &relation_of(self.namespace, relation)?.types {
            let SubjectType::Object(name) = subject_type else {
                let (found, of) = (subject_type.to_string(), relation.to_string());
                return Err(Problem::Traversal { relation: of, found }.at(relation.position()));
            };
            let namespace = self.namespace(name)?;
            match hop {
                Hop::Includes(relation) => relation_of(namespace, relation).map(drop)?,
                Hop::Permits(permit) => permit_of(namespace, permit)?,
            }
        }
        Ok(())
    }

    fn namespace(&self, name: &Name) -> Result<&Namespace, OplError> {
        self.index.get(name.as_str()).copied().ok_or_else(|| {
            Problem::UnknownNamespace { namespace: name.to_string() }.at(name.position())
        })
    }
}

fn relation_of<'a>(namespace: &'a Namespace, name: &Name) -> Result<&'a Relation, OplError> {
    namespace.relation(name.as_str()).ok_or_else(|| {
        let (namespace, relation) = (namespace.name.to_string(), name.to_string());
        Problem::UnknownRelation { namespace, relation }.at(name.position())
    })
}

fn permit_of(namespace: &Namespace, name: &Name) -> Result<(), OplError> {
    if namespace.permit(name.as_str()).is_some() {
        return Ok(());
    }
    let (namespace, permit) = (namespace.name.to_string(), name.to_string());
    Err(Problem::UnknownPermit { namespace, permit }.at(name.position()))
}
