//! `sort`: `{"field":"price","order":1}`, and `start_key`: the keys of the last ticket that was
//! seen, as `next` gave them.

use http_kit::params::{Broken, Item, Params, Shape, StartKey};
use kernel::TicketId;

use super::value;
use crate::domain::Ticket;
use crate::domain::query::{After, Field, Key, Sort, SortField};

const SORT: Shape = Shape {
    name: "sort",
    members: &["field", "order"],
    lists: &[],
    max: 1,
    example: "field=price,order=-1",
};

const START_KEY: Shape = Shape {
    name: "start_key",
    members: &["key", "value"],
    lists: &[],
    max: 2,
    example: "key=id,value=0190163d-8694-739b-aea5-966c26f8ad91",
};

const FIELDS: &[(&str, SortField)] = &[
    (SortField::Id.name(), SortField::Id),
    (SortField::Title.name(), SortField::Title),
    (SortField::Price.name(), SortField::Price),
    (SortField::CreatedAt.name(), SortField::CreatedAt),
];

/// None when it breaks a rule.
pub(super) fn sort(params: &Params, broken: &mut Broken) -> Option<Sort> {
    let items = params.items(&SORT, broken);
    let Some(mut item) = items.into_iter().next() else {
        return Some(Sort::NEWEST_FIRST);
    };
    let field = item.required("field", broken, |given| value::one_of(&given, FIELDS));
    let ascending = match item.take("order") {
        None => Some(true),
        Some(order) => broken.check(item.field("order"), value::one_or(&order, "-1")),
    };
    Some(Sort { field: field?, descending: !ascending? })
}

/// None when there is none, or it breaks a rule.
pub(super) fn after(params: &Params, sort: Sort, broken: &mut Broken) -> Option<After> {
    let items = params.items(&START_KEY, broken);
    if items.is_empty() {
        return None;
    }
    let mut wanted = vec![SortField::Id];
    if sort.field != SortField::Id {
        wanted.push(sort.field);
    }
    let read = |mut item: Item| part(&mut item, &wanted, broken);
    let parts: Vec<_> = items.into_iter().map(read).collect();
    let mut found = parts.into_iter().collect::<Option<Vec<_>>>()?;
    let mut take = |field: SortField| {
        let at = found.iter().position(|(found, _)| *found == field)?;
        Some(found.swap_remove(at).1)
    };
    let id = take(SortField::Id);
    let key = if sort.field == SortField::Id { None } else { take(sort.field) };
    match (id, key) {
        (Some(Key::Id(id)), key)
            if found.is_empty() && key.is_some() == (sort.field != SortField::Id) =>
        {
            Some(After { key, id: TicketId::from(id) })
        }
        _ => {
            broken.add("start_key", fitting(&wanted));
            None
        }
    }
}

/// One key and its value.
fn part(item: &mut Item, wanted: &[SortField], broken: &mut Broken) -> Option<(SortField, Key)> {
    let field = item.required("key", broken, |given| {
        let field = value::one_of(&given, FIELDS)?;
        if wanted.contains(&field) { Ok(field) } else { Err(fitting(wanted)) }
    })?;
    let key = item.required("value", broken, |given| value::key(field.field(), &given))?;
    Some((field, key))
}

fn fitting(wanted: &[SortField]) -> String {
    match wanted {
        [one] => format!("must have the key {} alone, as this is the sort", one.name()),
        _ => {
            let names: Vec<_> = wanted.iter().rev().map(|field| field.name()).collect();
            format!("must have the keys {}, once each, as this is the sort", names.join(" and "))
        }
    }
}

/// The start key of the page after the one that ends with `last`.
#[must_use]
pub fn next_keys(last: &Ticket, sort: Sort) -> Vec<StartKey> {
    let public = last.public();
    let value = match sort.field.field() {
        Field::Title => Some(public.title),
        Field::Price => Some(last.price.major().to_string()),
        Field::CreatedAt => Some(public.created_at.to_string()),
        _ => None,
    };
    let key = value.map(|value| StartKey::new(sort.field.name(), value));
    key.into_iter().chain([StartKey::new("id", last.id)]).collect()
}
