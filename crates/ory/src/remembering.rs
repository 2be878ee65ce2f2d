//! Permissions of which what never changes is remembered.
//!
//! Who owns a ticket, an order or a payment, and what it belongs to, is settled when it is made.
//! So these tuples, once seen, needn't be asked for again: a thousand buyers who race for a ticket
//! cost one question. Where an entity is kept in this process, or was told to it with its owner,
//! there is nothing to ask. The engine that auth has inside answers here from the same model; what
//! may change (who is in a group) is for the service alone to say, each time.
//!
//! Nothing is remembered of what isn't there: it may be made a moment later.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use kernel::Recent;
use permissions::{Facts, Key, Limits, Model, Step, check};
use tokio::time::Instant;

use crate::{Object, Permissions, PortError, Query, Relations, Tuple};

/// Namespaces whose tuples never change.
const SETTLED: [&str; 3] = ["Ticket", "Order", "Payment"];

/// How long they are believed nevertheless: an operator may have removed one by hand.
const BELIEVED: Duration = Duration::from_secs(60);

/// Relations that are remembered at least; 5 MB at most.
const REMEMBERED: usize = 8192;

/// Rounds of one check, as auth has them.
const ROUNDS_MAX: usize = 64;

/// Permissions in front of a service that keeps them.
pub struct Remembering {
    inner: Arc<dyn Permissions>,
    model: Model,
    /// Those who tell of entities here.
    told: Vec<Arc<dyn Relations>>,
    known: Mutex<Recent<Key, Known>>,
}

#[derive(Clone)]
struct Known {
    tuples: Arc<[Tuple]>,
    until: Instant,
}

impl Remembering {
    /// In front of `inner`, which answers by the same `model`.
    #[must_use]
    pub fn new(inner: Arc<dyn Permissions>, model: Model) -> Self {
        Self { inner, model, told: Vec::new(), known: Mutex::new(Recent::new(REMEMBERED)) }
    }

    /// Lets entities that are kept here tell of themselves. What they tell is what was written to
    /// the service for them; of others the service is asked.
    #[must_use]
    pub fn hearing(self, told: Vec<Arc<dyn Relations>>) -> Self {
        Self { told, ..self }
    }

    /// What entities here tell of `key`; nothing when the object isn't here.
    async fn told(&self, key: &Key) -> Result<Option<Arc<[Tuple]>>, PortError> {
        let Key { object, relation } = key;
        for told in self.told.iter().filter(|told| told.namespace() == object.namespace) {
            let all = told.of(object).await?;
            if !all.is_empty() {
                let of_relation = all.into_iter().filter(|tuple| tuple.relation == *relation);
                return Ok(Some(of_relation.collect()));
            }
        }
        Ok(None)
    }

    async fn tuples(&self, key: &Key) -> Result<Arc<[Tuple]>, PortError> {
        let known = self.known().get(key).filter(|known| Instant::now() < known.until);
        if let Some(Known { tuples, .. }) = known {
            return Ok(tuples);
        }
        let tuples = match self.told(key).await? {
            Some(told) => told,
            None => self.inner.list(&key.object, &key.relation).await?.into(),
        };
        if !tuples.is_empty() {
            let until = Instant::now() + BELIEVED;
            self.known().put(key.clone(), Known { tuples: Arc::clone(&tuples), until });
        }
        Ok(tuples)
    }

    fn known(&self) -> MutexGuard<'_, Recent<Key, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer, if what never changes decides it.
    async fn settled(&self, query: &Query) -> Result<Option<bool>, PortError> {
        let operation = "check a permission";
        let mut facts = Facts::default();
        for _round in 0..ROUNDS_MAX {
            let step = check(&self.model, &facts, query, Limits::default());
            let step = step.map_err(|error| PortError { operation, reason: error.to_string() })?;
            let keys = match step {
                Step::Answer(answer) => return Ok(Some(answer)),
                Step::Need(keys) => keys,
            };
            if !keys.iter().all(|key| is_settled(&key.object)) {
                return Ok(None);
            }
            let loaded = try_join_all(keys.iter().map(|key| self.tuples(key))).await?;
            for (key, tuples) in keys.into_iter().zip(loaded) {
                let subjects: Vec<_> = tuples.iter().map(|tuple| tuple.subject.clone()).collect();
                facts.learn(key, subjects);
            }
        }
        Ok(None)
    }
}

fn is_settled(object: &Object) -> bool {
    SETTLED.contains(&&*object.namespace)
}

#[async_trait]
impl Permissions for Remembering {
    async fn check(&self, query: &Query) -> Result<bool, PortError> {
        if is_settled(&query.object)
            && let Some(answer) = self.settled(query).await?
        {
            return Ok(answer);
        }
        self.inner.check(query).await
    }

    async fn write(&self, tuples: &[Tuple]) -> Result<(), PortError> {
        self.inner.write(tuples).await
    }

    async fn delete(&self, tuples: &[Tuple]) -> Result<(), PortError> {
        self.inner.delete(tuples).await
    }

    async fn list(&self, object: &Object, relation: &str) -> Result<Vec<Tuple>, PortError> {
        if !is_settled(object) {
            return self.inner.list(object, relation).await;
        }
        let key = Key::new(object.clone(), relation.to_owned());
        self.tuples(&key).await.map(|tuples| tuples.to_vec())
    }
}
