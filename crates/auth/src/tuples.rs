//! The SQL of relation tuples that are kept here: who is in which relation to what, in Keto's text
//! form.

use ory::{Object, Subject, Tuple};
use store::{Row, Statement, StoreError, Value, params};

use crate::context::Auth;

/// `?1` is the object, `?2` the relation.
pub(crate) const SUBJECTS: &str =
    "select subject from tuples where object = ?1 and relation = ?2 order by subject";
const INSERT: &str = "
    insert into tuples (object, relation, subject) values (?1, ?2, ?3)
    on conflict (object, relation, subject) do nothing";
const DELETE: &str = "delete from tuples where object = ?1 and relation = ?2 and subject = ?3";

const DELETE_ALL: &str = "delete from tuples where object >= ?1 and object <= ?2
     and (relation = ?3 or ?3 is null) and (subject = ?4 or ?4 is null)";
/// What services ask for, again and again: short, and by an index.
const OF_RELATION: &str = "select object, relation, subject from tuples
     where object = ?1 and relation = ?2 order by subject limit ?3";
const LIST: &str = "select object, relation, subject from tuples
     where object >= ?1 and object <= ?2
     and (relation = ?3 or ?3 is null) and (subject = ?4 or ?4 is null)
     and ((object, relation, subject) > (?5, ?6, ?7) or ?5 is null)
     order by object, relation, subject limit ?8";

/// Adds a tuple, unless it is there.
pub(crate) fn insert(tuple: &Tuple) -> Statement {
    Statement::new(INSERT, row(tuple))
}

/// Removes a tuple, if it is there.
pub(crate) fn delete(tuple: &Tuple) -> Statement {
    Statement::new(DELETE, row(tuple))
}

fn row(Tuple { object, relation, subject }: &Tuple) -> [Value; 3] {
    params![object.to_string(), &**relation, subject.to_string()]
}

/// Which tuples are meant; what isn't said may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) about: Option<About>,
    pub(crate) relation: Option<String>,
    pub(crate) subject: Option<Subject>,
}

/// What tuples are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum About {
    Namespace(String),
    Object(Object),
}

impl Filter {
    /// The object and the relation, when nothing else is said.
    fn one_relation(&self) -> Option<(&Object, &str)> {
        match self {
            Self {
                about: Some(About::Object(object)),
                relation: Some(relation),
                subject: None,
            } => Some((object, relation)),
            _ => None,
        }
    }

    /// Between which texts the objects are, and what else holds of the tuples.
    fn params(&self) -> [Value; 4] {
        let (from, to) = match &self.about {
            Some(About::Object(object)) => (object.to_string(), object.to_string()),
            // `;` is what follows `:`, and `{` what follows the letters a namespace has
            Some(About::Namespace(namespace)) => (format!("{namespace}:"), format!("{namespace};")),
            None => (String::new(), "{".to_owned()),
        };
        let subject = self.subject.as_ref().map(Subject::to_string);
        params![from, to, self.relation.clone(), subject]
    }
}

/// Removes all tuples that are meant.
pub(crate) fn delete_all(filter: &Filter) -> Statement {
    Statement::new(DELETE_ALL, filter.params())
}

/// The tuples that are meant, in the order of their text, after `after`; at most `limit`.
pub(crate) async fn list(
    auth: &Auth,
    filter: &Filter,
    after: Option<&Tuple>,
    limit: u32,
) -> Result<Vec<Tuple>, StoreError> {
    if let (Some((object, relation)), None) = (filter.one_relation(), after) {
        let asked = params![object.to_string(), relation, limit];
        let rows = auth.journal().query(OF_RELATION, asked).await?;
        return rows.iter().map(read).collect();
    }
    let mut values = filter.params().to_vec();
    values.extend(match after {
        Some(tuple) => row(tuple),
        None => [Value::Null, Value::Null, Value::Null],
    });
    values.push(Value::from(limit));
    let rows = auth.journal().scan(LIST, values).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Tuple, StoreError> {
    Ok(Tuple {
        object: row.parse(0, |text| text.parse().ok())?,
        relation: row.get::<String>(1)?.into(),
        subject: row.parse(2, |text| text.parse().ok())?,
    })
}
