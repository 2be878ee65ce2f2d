//! The port [`Permissions`]: the engine says which facts it needs, this loads them: from the
//! entities that tell them, and else from the table `tuples`.

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kernel::{Clock, Recent};
use ory::{Object, Permissions, PortError, Query, Relations, Subject, Tuple};
use outbox::{Changeset, Journal};
use permissions::{Facts, Key, Limits, Model, Step, check};
use store::{Row, Statement, StoreError, params};

use crate::tuples;

/// Rounds of one check. A round goes at least one step away from the question, and
/// [`Limits::default`] ends that sooner; this is the guard that doesn't trust it.
const ROUNDS_MAX: usize = 64;

/// Entities that are remembered at least, with what they told; 5 MB at most.
const REMEMBERED: usize = 4096;

/// The model, what entities tell, and the other tuples in the database.
pub(crate) struct EmbeddedPermissions {
    journal: Journal,
    clock: Arc<dyn Clock>,
    model: Arc<Model>,
    told: Vec<Arc<dyn Relations>>,
    /// What entities told lately. It never changes, so it can't be out of date; of an entity that
    /// isn't there nothing is remembered.
    remembered: Mutex<Recent<Object, Arc<[Tuple]>>>,
}

impl EmbeddedPermissions {
    pub(crate) fn new(
        journal: Journal,
        clock: Arc<dyn Clock>,
        model: Arc<Model>,
        told: Vec<Arc<dyn Relations>>,
    ) -> Self {
        let remembered = Mutex::new(Recent::new(REMEMBERED));
        Self { journal, clock, model, told, remembered }
    }

    /// Who tells the relations of `object`, if it tells them itself.
    fn teller(&self, object: &Object) -> Option<&dyn Relations> {
        let told = self.told.iter().find(|told| told.namespace() == object.namespace);
        told.map(|told| &**told)
    }

    async fn subjects(&self, object: &Object, relation: &str) -> Result<Vec<Subject>, PortError> {
        let Some(teller) = self.teller(object) else {
            let asked = params![object.to_string(), relation];
            let rows = self.journal.query(tuples::SUBJECTS, asked).await;
            let subject = |row: &Row| row.parse(0, |text| text.parse().ok());
            let subjects = rows.and_then(|rows| rows.iter().map(subject).collect());
            return subjects.map_err(port_error("read tuples"));
        };
        let tuples = self.told(teller, object).await?;
        let of_relation =
            tuples.iter().filter(|tuple| tuple.relation == relation && tuple.object == *object);
        Ok(of_relation.map(|tuple| tuple.subject.clone()).collect())
    }

    /// All that an entity tells of itself.
    async fn told(&self, by: &dyn Relations, object: &Object) -> Result<Arc<[Tuple]>, PortError> {
        if let Some(tuples) = self.remembered().get(object) {
            return Ok(tuples);
        }
        let tuples: Arc<[Tuple]> = by.of(object).await?.into();
        if !tuples.is_empty() {
            self.remembered().put(object.clone(), Arc::clone(&tuples));
        }
        Ok(tuples)
    }

    fn remembered(&self) -> MutexGuard<'_, Recent<Object, Arc<[Tuple]>>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `facts` learn `keys`, each as it stands when it is read: a tuple that changes during
    /// a check may or may not count.
    async fn load(&self, keys: Vec<Key>, facts: &mut Facts) -> Result<(), PortError> {
        for key in keys {
            let subjects = self.subjects(&key.object, &key.relation).await?;
            facts.learn(key, subjects);
        }
        Ok(())
    }

    async fn commit(
        &self,
        write: fn(&Tuple) -> Statement,
        tuples: &[Tuple],
    ) -> Result<(), StoreError> {
        if tuples.is_empty() {
            return Ok(());
        }
        let writes = tuples.iter().map(write).collect();
        let changeset = Changeset::new(self.clock.now(), writes, Vec::new());
        self.journal.commit(changeset).await.map(|_committed| ())
    }

    /// What an entity tells is neither added nor removed here, and nobody shall believe so.
    fn must_be_kept_here(
        &self,
        tuples: &[Tuple],
        operation: &'static str,
    ) -> Result<(), PortError> {
        match tuples.iter().find(|tuple| self.teller(&tuple.object).is_some()) {
            None => Ok(()),
            Some(told) => {
                let reason = format!("`{told}` is for the entity itself to tell");
                Err(PortError { operation, reason })
            }
        }
    }

    /// Those of `tuples` that no entity tells.
    fn kept_here(&self, tuples: &[Tuple]) -> Vec<Tuple> {
        let is_kept = |tuple: &&Tuple| self.teller(&tuple.object).is_none();
        tuples.iter().filter(is_kept).cloned().collect()
    }
}

#[async_trait]
impl Permissions for EmbeddedPermissions {
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
        self.must_be_kept_here(tuples, operation)?;
        tuples
            .iter()
            .try_for_each(|tuple| self.model.admits(tuple))
            .map_err(port_error(operation))?;
        self.commit(tuples::insert, tuples).await.map_err(port_error(operation))
    }

    async fn delete(&self, tuples: &[Tuple]) -> Result<(), PortError> {
        let operation = "delete tuples";
        self.must_be_kept_here(tuples, operation)?;
        self.commit(tuples::delete, tuples).await.map_err(port_error(operation))
    }

    async fn list(&self, object: &Object, relation: &str) -> Result<Vec<Tuple>, PortError> {
        let subjects = self.subjects(object, relation).await.map_err(port_error("list tuples"))?;
        let tuple = |subject| {
            let relation = relation.to_owned().into();
            Tuple { object: object.clone(), relation, subject }
        };
        Ok(subjects.into_iter().map(tuple).collect())
    }

    async fn grant(&self, rights: &[Tuple]) -> Result<(), PortError> {
        self.write(&self.kept_here(rights)).await
    }

    async fn withdraw(&self, rights: &[Tuple]) -> Result<(), PortError> {
        self.delete(&self.kept_here(rights)).await
    }
}

fn port_error<E: Display>(operation: &'static str) -> impl Fn(E) -> PortError {
    move |error| PortError { operation, reason: error.to_string() }
}
