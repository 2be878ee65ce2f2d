//! Conditions on tickets, as SQL.
//!
//! A `+` before a column keeps the engine from looking for an index: a filter that many tickets
//! pass would lead it away from the order of the page, and then it had to sort them all.

use store::Value;

use crate::domain::query::{
    Comparison, Field, Filter, Key, Place, Sort, SortField, Test, TicketQuery,
};
use crate::domain::search::searchable;
use crate::store::dialect::Dialect;

/// The conditions of a read, and the values of its parameters.
pub(super) struct Conditions {
    dialect: Dialect,
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    pub(super) const fn of(dialect: Dialect) -> Self {
        Self { dialect, sql: String::new(), values: Vec::new() }
    }

    pub(super) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// A parameter with this value.
    pub(super) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    pub(super) fn add(&mut self, condition: impl AsRef<str>) {
        self.sql.push_str(" and ");
        self.sql.push_str(condition.as_ref());
    }

    /// All conditions, each after an ` and `.
    pub(super) fn all(&self) -> String {
        self.sql.clone()
    }

    pub(super) fn values(self) -> Vec<Value> {
        self.values
    }

    /// What the filters say, but for the status: that is for those who know who asks.
    pub(super) fn filters(&mut self, query: &TicketQuery) {
        let filters = query.filters.iter().filter(|filter| filter.field != Field::Status);
        for Filter { field, test } in filters {
            let condition = match test {
                Test::Compare(Comparison::Eq, Key::Nothing) => "t.order_id is null".to_owned(),
                Test::Compare(comparison, key) => {
                    self.compare(*field, *comparison, key, query.sort)
                }
                Test::In(keys) => self.one_of(*field, keys, query.sort),
                Test::NotIn(keys) => {
                    let one_of = self.one_of(*field, keys, query.sort);
                    // what is compared with nothing is neither one of them nor none of them
                    format!("({one_of}) is not true")
                }
                Test::Has(place, text) => self.has(*place, text),
            };
            self.add(condition);
        }
    }

    /// Only what comes after the ticket with which the page before ended.
    pub(super) fn after(&mut self, query: &TicketQuery) {
        let Some(after) = &query.after else {
            return;
        };
        let beyond = if query.sort.descending { "<" } else { ">" };
        let id = self.bind(after.id);
        match &after.key {
            None => self.add(format!("t.id {beyond} {id}")),
            Some(key) => {
                let key = self.bind(sort_value(key));
                let column = sort_column(query.sort.field);
                self.add(format!("(t.{column}, t.id) {beyond} ({key}, {id})"));
            }
        }
    }

    fn compare(&mut self, field: Field, comparison: Comparison, key: &Key, sort: Sort) -> String {
        let operator = match comparison {
            Comparison::Eq => "=",
            Comparison::Gt => ">",
            Comparison::Gte => ">=",
            Comparison::Lt => "<",
            Comparison::Lte => "<=",
        };
        if field == Field::Title && comparison != Comparison::Eq {
            let value = self.bind(sort_value(key));
            let plus = if sort.field == SortField::Title { "" } else { "+" };
            return format!("{plus}t.search {operator} {value}");
        }
        let value = self.bind(value(key));
        format!("{} {operator} {value}", column(field, comparison == Comparison::Eq, sort))
    }

    fn one_of(&mut self, field: Field, keys: &[Key], sort: Sort) -> String {
        let (nothing, some): (Vec<_>, Vec<_>) = keys.iter().partition(|key| **key == Key::Nothing);
        let values: Vec<_> = some.into_iter().map(|key| self.bind(value(key))).collect();
        let is_one = format!("{} in ({})", column(field, true, sort), values.join(", "));
        match (nothing.is_empty(), values.is_empty()) {
            (true, _) => is_one,
            (false, true) => "t.order_id is null".to_owned(),
            (false, false) => format!("(t.order_id is null or {is_one})"),
        }
    }

    fn has(&mut self, place: Place, text: &str) -> String {
        let text = kernel::text::caseless(text);
        let length = text.chars().count() as i64;
        let text = self.bind(text);
        let length = match place {
            Place::Anywhere => String::new(),
            Place::Start | Place::End => self.bind(length),
        };
        self.dialect.has(place, &text, &length)
    }
}

/// The column of a field, so that the engine looks for an index where one helps: to find few, or
/// to go along the order of the page.
fn column(field: Field, is_equality: bool, sort: Sort) -> String {
    let (column, finds_few) = match field {
        Field::Id => ("id", true),
        Field::Seller => ("seller_id", true),
        Field::Order => ("order_id", true),
        Field::Title => ("title", false),
        // a price or a time has its tickets in the order of their ids
        Field::Price => ("price", sort.field == SortField::Id),
        Field::CreatedAt => ("created_at", sort.field == SortField::Id),
        Field::Status => ("status", false),
    };
    let helps = sort.field.field() == field || (is_equality && finds_few);
    format!("{}t.{column}", if helps { "" } else { "+" })
}

/// Whether a test names the only values that pass.
pub(super) fn is_equality(test: &Test) -> bool {
    match test {
        Test::Compare(Comparison::Eq, key) => *key != Key::Nothing,
        Test::In(keys) => !keys.contains(&Key::Nothing),
        Test::Compare(..) | Test::NotIn(_) | Test::Has(..) => false,
    }
}

/// What a page is sorted by.
pub(super) const fn sort_column(field: SortField) -> &'static str {
    match field {
        SortField::Id => "id",
        SortField::Title => "search",
        SortField::Price => "price",
        SortField::CreatedAt => "created_at",
    }
}

fn sort_value(key: &Key) -> Value {
    match key {
        Key::Text(title) => searchable(title).into(),
        key => value(key),
    }
}

fn value(key: &Key) -> Value {
    match key {
        Key::Id(id) => (*id).into(),
        Key::Nothing => Value::Null,
        Key::Text(text) => text.as_str().into(),
        Key::Minor(minor) => (*minor).into(),
        Key::Status(status) => status.as_str().into(),
        Key::Instant(instant) => (*instant).into(),
    }
}
