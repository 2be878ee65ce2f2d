//! Pages of tickets: which way to them is the shortest.
//!
//! - By an index in the order of the sort ([`by_order`]), until the page is full. The index holds
//!   the approved tickets; the caller's others come from a second branch, and SQLite merges both.
//! - By the words of the name ([`by_words`]), through the full-text index, whose keys are in the
//!   order of the tickets' ids. Sorted by anything else, or on PostgreSQL, which has no such index,
//!   only when few tickets have these words.
//!
//! What is sought for is always a parameter; names of columns and statuses are the program's own.

mod condition;

use std::sync::Arc;

use kernel::{TicketId, UserId};
use outbox::Journal;
use store::{Row, StoreError, Value};

use self::condition::{Conditions, sort_column};
use super::dialect::Dialect;
use super::{COLUMNS, ticket_of};
use crate::domain::query::{Comparison, Field, Filter, Key, SortField, Test, TicketQuery};
use crate::queries::list_tickets::ListTickets;
use crate::showcase::{Showcase, Shown};

/// With so many hits of a name, it is quicker to sort them than to look through an index.
const FEW_HITS: u32 = 4_000;

/// Up to so many tickets may be passed over in a short read.
const SHORT_SKIP: u32 = 100;

/// A page's tickets and one more, if there are more. Guests are all shown the same, which is kept,
/// unless they look for words of their own.
pub(crate) async fn list(
    journal: &Journal,
    showcase: &Showcase,
    list: &ListTickets,
) -> Result<Arc<[Arc<Shown>]>, StoreError> {
    let is_for_all = list.caller.is_none() && list.query.terms.is_empty();
    if is_for_all && let Some(page) = showcase.page(&list.query) {
        return Ok(page);
    }
    let search = showcase.search();
    let page = look(journal, showcase, list).await?.into();
    if is_for_all {
        showcase.keep_page(search, &list.query, &page);
    }
    Ok(page)
}

/// Where the showcase knows what pages show lately, it is only read which tickets they are, and
/// their revisions; if it doesn't know one of them after all, the page is read once more, whole.
async fn look(
    journal: &Journal,
    showcase: &Showcase,
    list: &ListTickets,
) -> Result<Vec<Arc<Shown>>, StoreError> {
    if showcase.knows_pages()
        && let Some(page) = list_known(journal, showcase, list).await?
    {
        return Ok(page);
    }
    let search = showcase.search();
    let rows = read(journal, list, Columns::Whole).await?;
    let tickets = rows.iter().map(ticket_of).collect::<Result<Vec<_>, _>>()?;
    let (count, mut known) = (tickets.len(), 0);
    let shown = tickets.into_iter().map(|ticket| {
        if let Some(shown) = showcase.at_revision(ticket.id, ticket.revision) {
            known += 1;
            return shown;
        }
        showcase.learn(search, ticket)
    });
    let page = shown.collect();
    showcase.hear_of_page(known == count);
    Ok(page)
}

/// The page, if all its tickets are known.
async fn list_known(
    journal: &Journal,
    showcase: &Showcase,
    list: &ListTickets,
) -> Result<Option<Vec<Arc<Shown>>>, StoreError> {
    let rows = read(journal, list, Columns::Revision).await?;
    let shown = |row: &Row| Ok(showcase.at_revision(row.get(0)?, row.get(1)?));
    let page: Option<Vec<_>> = rows.iter().map(shown).collect::<Result<_, StoreError>>()?;
    if page.is_some() {
        showcase.hear_of_page(true);
    }
    Ok(page)
}

async fn read(
    journal: &Journal,
    list: &ListTickets,
    columns: Columns,
) -> Result<Vec<Row>, StoreError> {
    let Some(select) = plan(journal, list, columns).await? else {
        return Ok(Vec::new());
    };
    if select.is_short {
        journal.query(select.sql, select.values).await
    } else {
        journal.scan(select.sql, select.values).await
    }
}

/// The engine's plan for [`list`].
pub(crate) async fn explain_list(
    journal: &Journal,
    list: &ListTickets,
) -> Result<Vec<String>, StoreError> {
    let Some(select) = plan(journal, list, Columns::Revision).await? else {
        return Ok(Vec::new());
    };
    let (explain, column) = Dialect::of(journal.engine()).explain();
    let sql = format!("{explain} {}", select.sql);
    let rows = journal.scan(sql, select.values).await?;
    rows.iter().map(|row| row.get(column)).collect()
}

/// One read.
struct Select {
    sql: String,
    values: Vec<Value>,
    /// Whether an index makes it short.
    is_short: bool,
}

/// What is read of each ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Columns {
    /// Everything.
    Whole,
    /// Its id, its revision, and what the page is sorted by.
    Revision,
}

/// None when nobody needs to ask: no ticket that the caller may see can be one of these.
async fn plan(
    journal: &Journal,
    list: &ListTickets,
    columns: Columns,
) -> Result<Option<Select>, StoreError> {
    let query = &list.query;
    let who = Who::of(list);
    if who.is_nobody() {
        return Ok(None);
    }
    let dialect = Dialect::of(journal.engine());
    let has_words = !query.terms.is_empty() && !query.filters.iter().any(leads_to_few);
    let comes_in_order = query.sort.field == SortField::Id && dialect.finds_newest_first();
    let go_by_words = has_words && (comes_in_order || has_few_hits(journal, query).await?);
    let (conditions, columns) = (Conditions::of(dialect), columns.of(query));
    let by = if go_by_words { by_words } else { by_order };
    Ok(Some(by(query, who, conditions, columns)))
}

/// Whether an index leads straight to the tickets that pass this filter.
fn leads_to_few(filter: &Filter) -> bool {
    let is_id = matches!(filter.field, Field::Id | Field::Seller | Field::Order);
    is_id && condition::is_equality(&filter.test)
}

/// Whether this is one ticket: an id is one's, and an order holds one. The engine finds it by that
/// index; but of several orders, or one with a seller, it may look through all that the seller has.
fn is_lookup(filters: &[Filter]) -> bool {
    let leads_to_one = |Filter { field, test }: &Filter| {
        let is_one = matches!(test, Test::Compare(Comparison::Eq, Key::Id(_)));
        is_one && matches!(field, Field::Id | Field::Order)
    };
    filters.iter().any(leads_to_one) && filters.iter().all(|filter| filter.field != Field::Seller)
}

async fn has_few_hits(journal: &Journal, query: &TicketQuery) -> Result<bool, StoreError> {
    let dialect = Dialect::of(journal.engine());
    let values = [Value::from(dialect.match_text(query)), Value::from(FEW_HITS + 1)];
    let rows = journal.scan(dialect.count_hits(), values).await?;
    let hits: i64 = rows.first().map_or(Ok(0), |row| row.get(0))?;
    Ok(hits <= i64::from(FEW_HITS))
}

/// Whose tickets may be shown, and with which status.
struct Who {
    approved: bool,
    own: Option<(UserId, Vec<&'static str>)>,
}

impl Who {
    fn of(list: &ListTickets) -> Self {
        let (approved, others): (Vec<_>, Vec<_>) = list
            .query
            .statuses()
            .into_iter()
            .partition(|status| *status == events::TicketStatus::Approved);
        let others: Vec<_> = others.into_iter().map(events::TicketStatus::as_str).collect();
        let own = list.caller.filter(|_| !others.is_empty()).map(|caller| (caller, others));
        Self { approved: !approved.is_empty(), own }
    }

    const fn is_nobody(&self) -> bool {
        !self.approved && self.own.is_none()
    }

    /// A condition for each branch. Statuses stand in it as they are: for a parameter, the engine
    /// can't know that a partial index would do.
    fn branches(self, conditions: &mut Conditions) -> Vec<String> {
        let mut branches = Vec::new();
        if self.approved {
            branches.push("t.status = 'approved'".to_owned());
        }
        if let Some((caller, statuses)) = self.own {
            let caller = conditions.bind(caller);
            let statuses = statuses.join("', '");
            let hidden = "t.status <> 'approved'";
            branches.push(format!(
                "(t.seller_id = {caller} and {hidden} and +t.status in ('{statuses}'))"
            ));
        }
        branches
    }
}

/// Along the index of the sort.
fn by_order(query: &TicketQuery, who: Who, mut conditions: Conditions, columns: &str) -> Select {
    conditions.filters(query);
    for word in query.terms.words() {
        let pattern = conditions.bind(format!("% {word}%"));
        conditions.add(format!("t.search like {pattern}"));
    }
    conditions.after(query);
    let branches = who.branches(&mut conditions);
    let all = conditions.all();
    let mut branches: Vec<_> = branches
        .iter()
        .map(|branch| format!("select {columns} from tickets t where {branch}{all}"))
        .collect();
    if branches.len() > 1 && !conditions.dialect().merges_branches() {
        let (order, most) = (order(query), query.skip.saturating_add(query.limit + 1));
        let most = conditions.bind(most);
        for (number, branch) in branches.iter_mut().enumerate() {
            *branch = format!("select * from ({branch} {order} limit {most}) branch_{number}");
        }
    }
    let page = page(query, &mut conditions);
    let is_free = query.filters.iter().all(|filter| filter.field == Field::Status);
    let goes_along = is_free && query.terms.is_empty() && query.skip <= SHORT_SKIP;
    Select {
        sql: format!("{} {page}", branches.join(" union all ")),
        values: conditions.values(),
        is_short: goes_along || is_lookup(&query.filters),
    }
}

/// Along the full-text index.
fn by_words(query: &TicketQuery, who: Who, mut conditions: Conditions, columns: &str) -> Select {
    let dialect = conditions.dialect();
    let words = conditions.bind(dialect.match_text(query));
    conditions.filters(query);
    conditions.after(query);
    let branches = who.branches(&mut conditions).join(" or ");
    let mut from = format!("{} and ({branches}){}", dialect.with_words(&words), conditions.all());
    if query.sort.field == SortField::Id && dialect.finds_newest_first() {
        from.push_str(&start_of_page(query, &mut conditions));
        let end = end_of_page(query, &from, &mut conditions);
        from.push_str(&end);
    }
    let page = page(query, &mut conditions);
    Select {
        sql: format!("select {columns} {from} {page}"),
        values: conditions.values(),
        is_short: false,
    }
}

/// The walk begins with the millisecond in which the page before ended.
fn start_of_page(query: &TicketQuery, conditions: &mut Conditions) -> String {
    let Some(after) = &query.after else {
        return String::new();
    };
    let (first, last) = places(after.id);
    let (bound, place) = if query.sort.descending { ("<=", last) } else { (">=", first) };
    format!(" and f.rowid {bound} {}", conditions.bind(place))
}

/// The first and the last place that a ticket with this id may have; see `0002_search.sql`.
fn places(id: TicketId) -> (i64, i64) {
    let millisecond = id.as_uuid().as_u128() >> 80;
    let first = i64::try_from(millisecond << 15).unwrap_or(i64::MAX);
    (first, first | 0x7fff)
}

/// The index is in the order of milliseconds, not of whole ids: its walk ends with the millisecond
/// in which the page does, and what was found so far is sorted.
fn end_of_page(query: &TicketQuery, from: &str, conditions: &mut Conditions) -> String {
    let rows = conditions.bind(query.skip + query.limit);
    let (direction, at_least, last, none) = if query.sort.descending {
        ("desc", ">=", "t.place >> 15 << 15", i64::MIN)
    } else {
        ("asc", "<=", "t.place | 32767", i64::MAX)
    };
    format!(
        " and f.rowid {at_least} coalesce((select {last} {from}
             order by f.rowid {direction} limit 1 offset {rows}), {none})"
    )
}

impl Columns {
    /// Their names. Branches are merged by what they select.
    const fn of(self, query: &TicketQuery) -> &'static str {
        match (self, query.sort.field) {
            // the index of words has a column of this name, too
            (Self::Whole, SortField::Title) => concat!(columns!(), ", t.search as words"),
            (Self::Whole, _) => COLUMNS,
            (Self::Revision, SortField::Title) => "t.id, t.revision, t.search as words",
            (Self::Revision, SortField::Id) => "t.id, t.revision",
            (Self::Revision, SortField::Price) => "t.id, t.revision, t.price",
            (Self::Revision, SortField::CreatedAt) => "t.id, t.revision, t.created_at",
        }
    }
}

/// The order, and which part of it: one row more than asked for tells whether there is a next page.
fn page(query: &TicketQuery, conditions: &mut Conditions) -> String {
    let order = order(query);
    let (limit, skip) = (conditions.bind(query.limit + 1), conditions.bind(query.skip));
    format!("{order} limit {limit} offset {skip}")
}

fn order(query: &TicketQuery) -> String {
    let direction = if query.sort.descending { "desc" } else { "asc" };
    let sorted = match query.sort.field {
        SortField::Id => String::new(),
        SortField::Title => format!("words {direction}, "),
        field => format!("{} {direction}, ", sort_column(field)),
    };
    format!("order by {sorted}id {direction}")
}
