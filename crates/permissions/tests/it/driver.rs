//! A caller of `check` whose database is a list of tuples.

use permissions::{CheckError, Facts, Key, Limits, Model, Query, Step, Subject, Tuple, check};

/// The stored tuples.
pub(crate) struct Store(Vec<Tuple>);

impl Store {
    pub(crate) fn new(tuples: impl IntoIterator<Item = Tuple>) -> Self {
        Self(tuples.into_iter().collect())
    }

    /// One tuple a line, each of which the model admits.
    pub(crate) fn parse(model: &Model, lines: &str) -> Self {
        let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
        let store = Self(lines.map(|line| line.parse().unwrap()).collect());
        for tuple in &store.0 {
            model.admits(tuple).unwrap();
        }
        store
    }

    pub(crate) fn load(&self, key: &Key) -> impl Iterator<Item = Subject> {
        let of_key = |tuple: &&Tuple| tuple.object == key.object && tuple.relation == key.relation;
        self.0.iter().filter(of_key).map(|tuple| tuple.subject.clone())
    }

    pub(crate) fn ask(&self, model: &Model, query: &str) -> Result<bool, CheckError> {
        self.rounds(model, query, Limits::default()).map(|(answer, _)| answer)
    }

    pub(crate) fn ask_within(
        &self,
        model: &Model,
        query: &str,
        limits: Limits,
    ) -> Result<bool, CheckError> {
        self.rounds(model, query, limits).map(|(answer, _)| answer)
    }

    /// The answer, and the keys that each round asked for.
    pub(crate) fn rounds(
        &self,
        model: &Model,
        query: &str,
        limits: Limits,
    ) -> Result<(bool, Vec<Vec<String>>), CheckError> {
        let query: Query = query.parse().unwrap();
        let mut facts = Facts::default();
        let mut rounds = Vec::new();
        loop {
            let keys = match check(model, &facts, &query, limits)? {
                Step::Answer(answer) => return Ok((answer, rounds)),
                Step::Need(keys) => keys,
            };
            assert!(!keys.is_empty(), "a round that needs nothing would never end");
            rounds.push(keys.iter().map(Key::to_string).collect());
            for key in keys {
                assert_eq!(facts.subjects(&key), None, "`{key}` is known already");
                let subjects: Vec<_> = self.load(&key).collect();
                facts.learn(key, subjects);
            }
        }
    }
}
