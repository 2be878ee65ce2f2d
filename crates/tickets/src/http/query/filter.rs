//! `filter`: `{"name":"price","operator":"gt","value":5}`.

use http_kit::params::{Broken, Given, Item, Params, Shape};

use super::value;
use crate::domain::query::{Comparison, Field, Filter, Key, Place, Test};

const SHAPE: Shape = Shape {
    name: "filter",
    members: &["name", "operator", "value", "arr_value", "mode"],
    lists: &["arr_value"],
    max: 20,
    example: "name=price,operator=gt,value=5",
};

/// The most values of one list.
const LIST_MAX: usize = 100;

const FIELDS: &[(&str, Field)] = &[
    ("id", Field::Id),
    ("title", Field::Title),
    ("price", Field::Price),
    ("userId", Field::Seller),
    ("status", Field::Status),
    ("orderId", Field::Order),
    ("createdAt", Field::CreatedAt),
];

#[derive(Debug, Clone, Copy)]
enum Operator {
    Compare(Comparison),
    In,
    NotIn,
    Has,
}

const OPERATORS: &[(&str, Operator)] = &[
    ("eq", Operator::Compare(Comparison::Eq)),
    ("gt", Operator::Compare(Comparison::Gt)),
    ("gte", Operator::Compare(Comparison::Gte)),
    ("lt", Operator::Compare(Comparison::Lt)),
    ("lte", Operator::Compare(Comparison::Lte)),
    ("in", Operator::In),
    ("nin", Operator::NotIn),
    ("regex", Operator::Has),
];

const PLACES: &[(&str, Place)] =
    &[("swm", Place::Start), ("bnm", Place::Anywhere), ("ewm", Place::End)];

pub(super) fn filters(params: &Params, broken: &mut Broken) -> Vec<Filter> {
    let items = params.items(&SHAPE, broken);
    items.into_iter().filter_map(|item| filter(item, broken)).collect()
}

fn filter(mut item: Item, broken: &mut Broken) -> Option<Filter> {
    let field = item.required("name", broken, |given| value::one_of(&given, FIELDS));
    let operator = item.required("operator", broken, |given| value::one_of(&given, OPERATORS));
    // without these two nobody can tell what the rest should be
    let (field, operator) = (field?, operator?);
    let test = test(&mut item, field, operator, broken);
    item.nothing_else("doesn't belong to this operator", broken);
    Some(Filter { field, test: test? })
}

fn test(item: &mut Item, field: Field, operator: Operator, broken: &mut Broken) -> Option<Test> {
    match operator {
        Operator::Compare(comparison) => {
            if field == Field::Status && comparison != Comparison::Eq {
                broken.add(item.field("operator"), "must be eq, in or nin for a status");
            }
            let read = |given: Given| compared(field, comparison, &given);
            item.required("value", broken, read).map(|key| Test::Compare(comparison, key))
        }
        Operator::In => list(item, field, broken).map(Test::In),
        Operator::NotIn => list(item, field, broken).map(Test::NotIn),
        Operator::Has => {
            if field != Field::Title {
                broken.add(item.field("operator"), "must be another: regex is for titles");
            }
            let place = item.required("mode", broken, |given| value::one_of(&given, PLACES));
            let text = item.required("value", broken, |given| value::text(&given));
            Some(Test::Has(place?, text?))
        }
    }
}

fn compared(field: Field, comparison: Comparison, given: &Given) -> Result<Key, String> {
    match value::key(field, given)? {
        Key::Nothing if comparison != Comparison::Eq => {
            Err("must be a UUID: null has only equals".to_owned())
        }
        key => Ok(key),
    }
}

/// Every value of the list is read, and each that breaks a rule is named by its number.
fn list(item: &mut Item, field: Field, broken: &mut Broken) -> Option<Vec<Key>> {
    let given = item.required("arr_value", broken, |given| {
        let list = given.into_list()?;
        if (1..=LIST_MAX).contains(&list.len()) {
            Ok(list)
        } else {
            Err(format!("must have 1 to {LIST_MAX} values"))
        }
    })?;
    let keys: Vec<_> = given
        .iter()
        .enumerate()
        .map(|(at, given)| {
            broken.check(item.field(&format!("arr_value[{at}]")), value::key(field, given))
        })
        .collect();
    keys.into_iter().collect()
}
