//! Tickets as rows, as the database has them and as a list in memory: what the database answers
//! must be what a naive look through the list does.

use std::cmp::Ordering;

use events::TicketStatus;
use kernel::text::{caseless, words};
use kernel::{TicketId, Timestamp, UserId};
use outbox::Changeset;
use store::{Engine, Statement, StoreError, Value, params};
use tickets::domain::TicketQuery;
use tickets::domain::query::{After, Comparison, Field, Filter, Key, Place, SortField, Test};
use uuid::Uuid;

use crate::support::World;

const INSERT: &str = "insert into tickets (id, seller_id, title, search, price, currency, status,
     order_id, version, revision, created_at, updated_at)
     values (?1, ?2, ?3, ?4, ?5, 'EUR', ?6, ?7, 0, 0, ?8, ?8)";

const UPDATE: &str = "update tickets set title = ?2, search = ?3, price = ?4, status = ?5,
     order_id = ?6, created_at = ?7 where id = ?1";

/// On PostgreSQL the title without case is in a column.
const INSERT_FOLDED: &str = "insert into tickets (id, seller_id, title, search, price, currency,
     status, order_id, version, revision, created_at, updated_at, caseless)
     values (?1, ?2, ?3, ?4, ?5, 'EUR', ?6, ?7, 0, 0, ?8, ?8, ?9)";

const UPDATE_FOLDED: &str = "update tickets set title = ?2, search = ?3, price = ?4, status = ?5,
     order_id = ?6, created_at = ?7, caseless = ?8 where id = ?1";

const DELETE: &str = "delete from tickets where id = ?1";

const CHECK_INDEX: &str =
    "insert into tickets_fts (tickets_fts, rank) values ('integrity-check', 1)";

/// Tickets without words, words without a ticket, and words of another title.
const WRONG_WORDS: &str = "select count(*) from tickets t
     full join tickets_fts f on f.ticket_id = t.id
     where f.words is distinct from array_to_tsvector(string_to_array(ltrim(t.search), ' '))";

/// A ticket.
#[derive(Debug, Clone)]
pub(crate) struct Copy {
    pub(crate) id: Uuid,
    pub(crate) seller: UserId,
    pub(crate) title: String,
    pub(crate) price: i64,
    pub(crate) status: TicketStatus,
    pub(crate) order: Option<Uuid>,
    pub(crate) created_at: i64,
}

impl Copy {
    pub(crate) fn insert(&self) -> Statement {
        let row = params![
            self.id,
            self.seller,
            self.title.as_str(),
            self.search(),
            self.price,
            self.status.as_str(),
            self.order,
            self.created_at,
        ];
        self.write(INSERT, INSERT_FOLDED, row)
    }

    pub(crate) fn update(&self) -> Statement {
        let status = self.status.as_str();
        let (title, search) = (self.title.as_str(), self.search());
        let row = params![self.id, title, search, self.price, status, self.order, self.created_at];
        self.write(UPDATE, UPDATE_FOLDED, row)
    }

    fn search(&self) -> String {
        format!(" {}", words(&self.title))
    }

    fn write(
        &self,
        plain: &'static str,
        folded: &'static str,
        row: impl IntoIterator<Item = Value>,
    ) -> Statement {
        match testkit::engine() {
            Engine::Sqlite => Statement::one_row(plain, row),
            Engine::Postgres => {
                let caseless = Value::from(caseless(&self.title));
                Statement::one_row(folded, row.into_iter().chain([caseless]))
            }
        }
    }

    pub(crate) fn delete(&self) -> Statement {
        Statement::one_row(DELETE, params![self.id])
    }

    /// Whether `query` may show it to `caller`.
    pub(crate) fn is_shown(&self, query: &TicketQuery, caller: Option<UserId>) -> bool {
        let may_see = self.status == TicketStatus::Approved || caller == Some(self.seller);
        let title = words(&self.title);
        let has = |term: &str| title.split(' ').any(|word| word.starts_with(term));
        may_see && query.filters.iter().all(|it| self.passes(it)) && query.terms.words().all(has)
    }

    fn passes(&self, filter: &Filter) -> bool {
        let is = |key: &Key| match (filter.field, key) {
            (Field::Title, Key::Text(title)) => self.title == *title,
            _ => self.order_of(filter.field, key) == Some(Ordering::Equal),
        };
        match &filter.test {
            Test::Compare(Comparison::Eq, key) => is(key),
            Test::Compare(comparison, key) => {
                let order = self.order_of(filter.field, key);
                order.is_some_and(|order| match comparison {
                    Comparison::Eq => unreachable!(),
                    Comparison::Gt => order.is_gt(),
                    Comparison::Gte => order.is_ge(),
                    Comparison::Lt => order.is_lt(),
                    Comparison::Lte => order.is_le(),
                })
            }
            Test::In(keys) => keys.iter().any(is),
            Test::NotIn(keys) => !keys.iter().any(is),
            Test::Has(place, text) => {
                let (title, text) = (caseless(&self.title), caseless(text));
                match place {
                    Place::Start => title.starts_with(&text),
                    Place::Anywhere => title.contains(&text),
                    Place::End => title.ends_with(&text),
                }
            }
        }
    }

    /// How its field compares with the key; none when they don't.
    fn order_of(&self, field: Field, key: &Key) -> Option<Ordering> {
        match (field, key) {
            (Field::Id, Key::Id(id)) => Some(self.id.cmp(id)),
            (Field::Seller, Key::Id(id)) => Some(self.seller.as_uuid().cmp(id)),
            (Field::Order, Key::Id(id)) => self.order.map(|order| order.cmp(id)),
            (Field::Order, Key::Nothing) => self.order.is_none().then_some(Ordering::Equal),
            (Field::Title, Key::Text(title)) => Some(words(&self.title).cmp(&words(title))),
            (Field::Price, Key::Minor(minor)) => Some(self.price.cmp(minor)),
            (Field::Status, Key::Status(status)) => {
                (self.status == *status).then_some(Ordering::Equal)
            }
            (Field::CreatedAt, Key::Instant(at)) => Some(self.created_at.cmp(&at.as_micros())),
            (field, key) => panic!("{field:?} has no {key:?}"),
        }
    }

    /// Where it stands in the order of `query`, seen from `after`.
    fn order_after(&self, query: &TicketQuery, after: &After) -> Ordering {
        let field = query.sort.field.field();
        let by_key = after.key.as_ref().and_then(|key| self.order_of(field, key));
        let order = by_key.unwrap_or(Ordering::Equal).then(self.id.cmp(&after.id.as_uuid()));
        if query.sort.descending { order.reverse() } else { order }
    }

    fn place(&self, field: SortField) -> After {
        let key = match field {
            SortField::Id => None,
            SortField::Title => Some(Key::Text(self.title.clone())),
            SortField::Price => Some(Key::Minor(self.price)),
            SortField::CreatedAt => Some(Key::Instant(Timestamp::from_micros(self.created_at))),
        };
        After { key, id: TicketId::from(self.id) }
    }
}

/// What `query` answers of `copies`: the ids of its page, and whether there are more.
pub(crate) fn answer(
    copies: &[Copy],
    query: &TicketQuery,
    caller: Option<UserId>,
) -> (Vec<Uuid>, bool) {
    let mut shown: Vec<_> = copies.iter().filter(|copy| copy.is_shown(query, caller)).collect();
    shown.sort_by(|a, b| a.order_after(query, &b.place(query.sort.field)));
    if let Some(after) = &query.after {
        shown.retain(|copy| copy.order_after(query, after).is_gt());
    }
    let mut rest = shown.into_iter().skip(query.skip as usize).map(|copy| copy.id);
    let page: Vec<_> = rest.by_ref().take(query.limit as usize).collect();
    let has_more = rest.next().is_some();
    (page, has_more)
}

impl World {
    /// Writes to the database, past all rules of tickets.
    pub(crate) async fn write(&self, statements: Vec<Statement>) -> Result<(), StoreError> {
        let change = Changeset::new(Timestamp::from_micros(0), statements, Vec::new());
        self.tickets.journal.commit(change).await.map(|_now| ())
    }

    /// The full-text index has what the tickets have.
    pub(crate) async fn check_index(&self) {
        if testkit::engine() == Engine::Postgres {
            let wrong = self.tickets.journal.query(WRONG_WORDS, []).await.unwrap();
            assert_eq!(wrong[0].get::<i64>(0).unwrap(), 0, "words of another title");
            return;
        }
        self.write(vec![Statement::new(CHECK_INDEX, [])]).await.unwrap();
        let by_millisecond = "select count(*) from tickets where place >> 15
            <> ('0x' || hex(substr(id, 1, 6))) ->> '$'";
        let wrong = self.tickets.journal.query(by_millisecond, Vec::<Value>::new()).await.unwrap();
        assert_eq!(wrong[0].get::<i64>(0).unwrap(), 0, "places of another millisecond");
    }
}
