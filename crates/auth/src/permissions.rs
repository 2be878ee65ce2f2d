//! The port [`Permissions`] over the table `tuples`: the engine says which facts it needs, this
//! loads them.

use std::fmt::Display;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use kernel::Clock;
use ory::{Object, Permissions, PortError, Query, Subject, Tuple};
use outbox::{Changeset, Journal};
use permissions::{Facts, Key, Limits, Model, Step, check};
use store::{Statement, StoreError, params};

/// Rounds of one check. A round goes at least one step away from the question, and
/// [`Limits::default`] ends that sooner; this is the guard that doesn't trust it.
const ROUNDS_MAX: usize = 64;

const SUBJECTS: &str =
    "select subject from tuples where object = ?1 and relation = ?2 order by subject";
const INSERT: &str = "
    insert into tuples (object, relation, subject) values (?1, ?2, ?3)
    on conflict (object, relation, subject) do nothing";
const DELETE: &str = "delete from tuples where object = ?1 and relation = ?2 and subject = ?3";

/// Tuples in the database, and the model they fit.
pub(crate) struct StoredPermissions {
    journal: Journal,
    clock: Arc<dyn Clock>,
    model: Arc<Model>,
}

impl StoredPermissions {
    pub(crate) fn new(journal: Journal, clock: Arc<dyn Clock>, model: Arc<Model>) -> Self {
        Self { journal, clock, model }
    }

    async fn subjects(&self, object: &Object, relation: &str) -> Result<Vec<Subject>, StoreError> {
        let rows = self.journal.query(SUBJECTS, params![object.to_string(), relation]).await?;
        rows.iter().map(|row| row.parse(0, |text| text.parse().ok())).collect()
    }

    /// Lets `facts` learn `keys`, each as it stands when it is read: a tuple that changes during
    /// a check may or may not count.
    async fn load(&self, keys: Vec<Key>, facts: &mut Facts) -> Result<(), StoreError> {
        let loads = keys.iter().map(|key| self.subjects(&key.object, &key.relation));
        let loaded = try_join_all(loads).await?;
        for (key, subjects) in keys.into_iter().zip(loaded) {
            facts.learn(key, subjects);
        }
        Ok(())
    }

    async fn commit(&self, sql: &'static str, tuples: &[Tuple]) -> Result<(), StoreError> {
        if tuples.is_empty() {
            return Ok(());
        }
        let writes = tuples.iter().map(|Tuple { object, relation, subject }| {
            let params = params![object.to_string(), relation.as_str(), subject.to_string()];
            Statement::new(sql, params)
        });
        let changeset = Changeset::new(self.clock.now(), writes.collect(), Vec::new());
        self.journal.commit(changeset).await.map(|_committed| ())
    }
}

#[async_trait]
impl Permissions for StoredPermissions {
    async fn check(&self, query: &Query) -> Result<bool, PortError> {
        let operation = "check a permission";
        let mut facts = Facts::default();
        for _round in 0..ROUNDS_MAX {
            let step = check(&self.model, &facts, query, Limits::default());
            match step.map_err(port_error(operation))? {
                Step::Answer(answer) => return Ok(answer),
                Step::Need(keys) => {
                    self.load(keys, &mut facts).await.map_err(port_error(operation))?;
                }
            }
        }
        let reason = format!("`{query}` is open after {ROUNDS_MAX} rounds");
        Err(PortError { operation, reason })
    }

    async fn write(&self, tuples: &[Tuple]) -> Result<(), PortError> {
        let operation = "write tuples";
        tuples
            .iter()
            .try_for_each(|tuple| self.model.admits(tuple))
            .map_err(port_error(operation))?;
        self.commit(INSERT, tuples).await.map_err(port_error(operation))
    }

    async fn delete(&self, tuples: &[Tuple]) -> Result<(), PortError> {
        self.commit(DELETE, tuples).await.map_err(port_error("delete tuples"))
    }

    async fn list(&self, object: &Object, relation: &str) -> Result<Vec<Tuple>, PortError> {
        let subjects = self.subjects(object, relation).await.map_err(port_error("list tuples"))?;
        let tuple =
            |subject| Tuple { object: object.clone(), relation: relation.to_owned(), subject };
        Ok(subjects.into_iter().map(tuple).collect())
    }
}

fn port_error<E: Display>(operation: &'static str) -> impl Fn(E) -> PortError {
    move |error| PortError { operation, reason: error.to_string() }
}
