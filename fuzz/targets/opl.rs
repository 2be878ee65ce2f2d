//! The Ory Permission Language: any text is a model or an error that says where; and any model
//! answers any question in a bounded number of steps.
#![no_main]

use libfuzzer_sys::fuzz_target;
use permissions::{Facts, Limits, Model, Query, Step, Tuple, check};

/// More rounds than any allowed depth can ask for.
const ROUNDS_MAX: usize = 10_000;

fuzz_target!(|input: (&str, &str, Vec<&str>)| {
    let (source, question, known) = input;
    let model = match Model::parse(source) {
        Ok(model) => model,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let Ok(query) = question.parse::<Query>() else { return };
    let tuples: Vec<Tuple> = known.iter().filter_map(|text| text.parse().ok()).collect();
    let mut facts = Facts::default();
    for _ in 0..ROUNDS_MAX {
        match check(&model, &facts, &query, Limits::default()) {
            Ok(Step::Need(keys)) => {
                for key in keys {
                    let of_key = tuples.iter().filter(|tuple| tuple_is_of(tuple, &key));
                    let subjects: Vec<_> = of_key.map(|tuple| tuple.subject.clone()).collect();
                    facts.learn(key, subjects);
                }
            }
            Ok(Step::Answer(_)) | Err(_) => return,
        }
    }
    panic!("a check that doesn't end");
});

fn tuple_is_of(tuple: &Tuple, key: &permissions::Key) -> bool {
    tuple.object == key.object && tuple.relation == key.relation
}
