//! Tuples as Keto writes them in JSON and in queries.

use permissions::{Key, Object, Query, Subject, Tuple, TupleSyntaxError};
use serde::{Deserialize, Serialize};

/// The namespace whose objects stand for themselves: they are compared, and never walked through.
const LEAVES: &str = "User";

/// A tuple, or a question, which has the same parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelationTuple {
    /// The object's namespace.
    pub namespace: String,
    /// The object's id.
    pub object: String,
    /// The relation, or the permit that is asked for.
    pub relation: String,
    /// Who, as `User:U`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_id: Option<String>,
    /// Or everyone in a relation to an object; without a relation, the object itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_set: Option<SubjectSet>,
}

/// Everyone in a relation to an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectSet {
    /// The object's namespace.
    pub namespace: String,
    /// The object's id.
    pub object: String,
    /// The relation; empty when the object itself is meant.
    #[serde(default)]
    pub relation: String,
}

/// A tuple that is to be written or removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// What to do with it.
    pub action: Action,
    /// The tuple.
    pub relation_tuple: RelationTuple,
}

/// What to do with a tuple.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is to be there.
    Insert,
    /// It is not to be there.
    Delete,
}

/// A page of tuples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The tuples.
    pub relation_tuples: Vec<RelationTuple>,
    /// What the next page is asked for with; empty on the last one.
    pub next_page_token: String,
}

/// The answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    /// Yes or no.
    pub allowed: bool,
}

/// Why JSON or a query is no tuple.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A subject is `subject_id` or `subject_set`, and only one of them.
    #[error("a subject is one of subject_id and subject_set")]
    Subject,
    /// A part of it breaks a rule.
    #[error(transparent)]
    Syntax(#[from] TupleSyntaxError),
}

impl From<&Tuple> for RelationTuple {
    fn from(Tuple { object, relation, subject }: &Tuple) -> Self {
        let (subject_id, subject_set) = match subject {
            Subject::Id(subject) => parts_of(subject),
            Subject::Set { object, relation } => (None, Some(set_of(object, relation))),
        };
        let (namespace, object) = (object.namespace.to_string(), object.id.clone());
        Self { namespace, object, relation: relation.to_string(), subject_id, subject_set }
    }
}

impl From<&Query> for RelationTuple {
    fn from(Query { object, relation, subject }: &Query) -> Self {
        let (subject_id, subject_set) = parts_of(subject);
        let (namespace, object) = (object.namespace.to_string(), object.id.clone());
        Self { namespace, object, relation: relation.to_string(), subject_id, subject_set }
    }
}

/// Keto compares ids, and walks through sets: whoever has relations of their own is one.
fn parts_of(subject: &Object) -> (Option<String>, Option<SubjectSet>) {
    if subject.namespace == LEAVES {
        (Some(subject.to_string()), None)
    } else {
        (None, Some(set_of(subject, "")))
    }
}

fn set_of(object: &Object, relation: &str) -> SubjectSet {
    let (namespace, object) = (object.namespace.to_string(), object.id.clone());
    SubjectSet { namespace, object, relation: relation.to_owned() }
}

impl RelationTuple {
    /// What it is about.
    ///
    /// # Errors
    /// [`WireError::Syntax`].
    pub fn about(&self) -> Result<Object, WireError> {
        object(&self.namespace, &self.object)
    }

    /// Who it is about.
    ///
    /// # Errors
    /// [`WireError`].
    pub fn subject(&self) -> Result<Subject, WireError> {
        match (&self.subject_id, &self.subject_set) {
            (Some(id), None) => Ok(Subject::Id(id.parse()?)),
            (None, Some(set)) => set.subject(),
            _ => Err(WireError::Subject),
        }
    }

    /// As a tuple.
    ///
    /// # Errors
    /// [`WireError`].
    pub fn tuple(&self) -> Result<Tuple, WireError> {
        Ok(Tuple {
            object: self.about()?,
            relation: self.relation.clone().into(),
            subject: self.subject()?,
        })
    }

    /// As a question.
    ///
    /// # Errors
    /// [`WireError`]; also when it is about everyone in a relation: nobody of ours asks that.
    pub fn query(&self) -> Result<Query, WireError> {
        match self.subject()? {
            Subject::Id(subject) => Ok(Query::new(self.about()?, self.relation.clone(), subject)),
            Subject::Set { .. } => Err(WireError::Subject),
        }
    }

    /// As the query of a URL.
    #[must_use]
    pub fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("namespace", &self.namespace);
        query.append_pair("object", &self.object);
        query.append_pair("relation", &self.relation);
        if let Some(id) = &self.subject_id {
            query.append_pair("subject_id", id);
        }
        if let Some(set) = &self.subject_set {
            query.append_pair("subject_set.namespace", &set.namespace);
            query.append_pair("subject_set.object", &set.object);
            query.append_pair("subject_set.relation", &set.relation);
        }
        query.finish()
    }
}

impl SubjectSet {
    /// Who it is.
    ///
    /// # Errors
    /// [`WireError::Syntax`].
    pub fn subject(&self) -> Result<Subject, WireError> {
        let object = object(&self.namespace, &self.object)?;
        if self.relation.is_empty() {
            return Ok(Subject::Id(object));
        }
        let Key { object, relation } = format!("{object}#{}", self.relation).parse()?;
        Ok(Subject::Set { object, relation })
    }
}

/// An object from its parts. The text form knows what they look like, and where one ends.
///
/// # Errors
/// [`WireError::Syntax`].
pub fn object(namespace: &str, id: &str) -> Result<Object, WireError> {
    let object: Object = format!("{namespace}:{id}").parse()?;
    if object.namespace == namespace {
        Ok(object)
    } else {
        Err(TupleSyntaxError::Namespace(namespace.to_owned()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tuples_survive_the_way_there_and_back() {
        for text in [
            "Ticket:T#owners@User:U",
            "Order:O#parents@Ticket:T",
            "Moderation:M#editors@Group:admin#members",
        ] {
            let tuple: Tuple = text.parse().unwrap();
            let json = serde_json::to_string(&RelationTuple::from(&tuple)).unwrap();
            let read: RelationTuple = serde_json::from_str(&json).unwrap();
            assert_eq!(read.tuple().unwrap(), tuple, "{json}");
        }
    }

    #[test]
    fn a_subject_without_a_relation_is_the_object_whichever_way_it_is_written() {
        let written = |json: &str| {
            let read: RelationTuple = serde_json::from_str(json).unwrap();
            read.query().map(|query| query.to_string())
        };
        let by_id = r#"{"namespace":"T","object":"1","relation":"edit","subject_id":"User:U"}"#;
        let by_set = r#"{"namespace":"T","object":"1","relation":"edit",
            "subject_set":{"namespace":"User","object":"U","relation":""}}"#;
        assert_eq!(written(by_id), written(by_set));
        for wrong in [
            r#"{"namespace":"T","object":"1","relation":"edit"}"#,
            r#"{"namespace":"T","object":"1","relation":"edit","subject_id":"U"}"#,
            r#"{"namespace":"T","object":"1 2","relation":"edit","subject_id":"User:U"}"#,
            r#"{"namespace":"T","object":"1","relation":"edit","subject_id":"User:U",
                "subject_set":{"namespace":"User","object":"U"}}"#,
            r#"{"namespace":"T:x","object":"1","relation":"edit","subject_id":"User:U"}"#,
            r#"{"namespace":"T","object":"1#x","relation":"edit","subject_id":"User:U"}"#,
            r#"{"namespace":"T","object":"1","relation":"edit","subject_id":"User:U#x"}"#,
            r#"{"namespace":"T","object":"1","relation":"edit",
                "subject_set":{"namespace":"User","object":"U#x"}}"#,
            r#"{"namespace":"T","object":"1","relation":"edit",
                "subject_set":{"namespace":"User:x","object":"U"}}"#,
        ] {
            assert!(written(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_question_is_written_for_a_url() {
        let query = Query::new(Object::new("Ticket", "a&b"), "edit", Object::new("User", "U"));
        let written = RelationTuple::from(&query).to_query();
        assert_eq!(written, "namespace=Ticket&object=a%26b&relation=edit&subject_id=User%3AU");
    }
}
