//! How tickets are kept: the rows, and the way there and back; `list` finds pages of them, by what
//! `indexes` makes when many are written at once.

use events::{Event, OrderStatus, TicketStatus};
use kernel::{Decision, EventId, Money, OrderId, TicketId, Timestamp, UserId};
use outbox::{Changeset, Committed, Journal, NEWS_PATIENCE, Remember};
use store::{Engine, Migration, Row, Statement, StoreError, Value, params};

use crate::domain::search::searchable;
use crate::domain::{Description, Held, Hold, Sightings, Ticket, TicketTitle};

macro_rules! columns {
    () => {
        "t.id, t.seller_id, t.title, t.description, t.price, t.currency, t.status, t.order_id, \
         t.version, t.revision, t.created_at, t.updated_at, t.reserved_until"
    };
}

mod dialect;
pub(crate) mod indexes;
mod list;

pub(crate) use list::{explain_list, list};

/// The tables of this context.
pub const MIGRATIONS: &[Migration] = &[
    Migration::new("tickets/0001_tickets", include_str!("../migrations/0001_tickets.sql")),
    Migration::each(
        "tickets/0002_search",
        include_str!("../migrations/0002_search.sql"),
        include_str!("../migrations/postgres/0002_search.sql"),
    ),
    Migration::new(
        "tickets/0003_holder_in_its_ticket",
        include_str!("../migrations/0003_holder_in_its_ticket.sql"),
    ),
    Migration::new(
        "tickets/0004_reserved_until",
        include_str!("../migrations/0004_reserved_until.sql"),
    ),
];

const COLUMNS: &str = columns!();

const FIND: &str = concat!("select ", columns!(), " from tickets t where t.id = ?1");

const SELLER: &str = "select seller_id from tickets where id = ?1";

const HOLDS: &str = "select order_id, status, version, expires_at from holds where ticket_id = ?1
     union all select order_id, order_status, order_version, reserved_until from tickets
     where id = ?1 and order_status is not null";

const INSERT: &str = "insert into tickets (id, seller_id, title, search, description, price,
     currency, status, order_id, version, revision, created_at, updated_at)
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

/// The place is given by the trigger `tickets_inserted`, or by the program when that is set aside.
const INSERT_PLACED: &str = "insert into tickets (id, seller_id, title, search, description,
     price, currency, status, order_id, version, revision, created_at, updated_at, place)
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

/// As [`INSERT`], with the title without case; see `postgres/0002_search.sql`.
const INSERT_FOLDED: &str = "insert into tickets (id, seller_id, title, search, description,
     price, currency, status, order_id, version, revision, created_at, updated_at, caseless)
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

const UPDATE: &str = "update tickets set title = ?3, search = ?4, description = ?5, price = ?6,
     status = ?7, order_id = ?8, version = ?9, revision = revision + 1, updated_at = ?10
     where id = ?1 and revision = ?2";

/// As [`UPDATE`], with the title without case.
const UPDATE_FOLDED: &str = "update tickets set title = ?3, search = ?4, description = ?5,
     price = ?6, status = ?7, order_id = ?8, version = ?9, revision = revision + 1,
     updated_at = ?10, caseless = ?11 where id = ?1 and revision = ?2";

/// Of what tickets are found by, only the order, so that no other index is written.
const HOLD: &str = "update tickets set order_id = ?3, order_status = ?4, order_version = ?5,
     version = ?6, revision = revision + 1, updated_at = ?7, reserved_until = ?8
     where id = ?1 and revision = ?2";

const SEE: &str = "insert into holds (order_id, ticket_id, status, version, expires_at)
     values (?1, ?2, ?3, ?4, ?5)
     on conflict (order_id) do update set status = excluded.status, version = excluded.version
     where excluded.version > holds.version";

pub(crate) async fn find(journal: &Journal, id: TicketId) -> Result<Option<Ticket>, StoreError> {
    let rows = journal.query(FIND, params![id]).await?;
    rows.first().map(ticket_of).transpose()
}

/// Who sells a ticket.
pub(crate) async fn seller(journal: &Journal, id: TicketId) -> Result<Option<UserId>, StoreError> {
    let rows = journal.query(SELLER, params![id]).await?;
    rows.first().map(|row| row.get(0)).transpose()
}

pub(crate) async fn holds(journal: &Journal, id: TicketId) -> Result<Vec<Hold>, StoreError> {
    let rows = journal.query(HOLDS, params![id]).await?;
    rows.iter().map(hold_of).collect()
}

pub(crate) async fn insert(
    journal: &Journal,
    decision: Decision<Ticket, Event>,
    remember: Remember<Ticket>,
) -> Result<Ticket, StoreError> {
    let Decision { state: ticket, events } = decision;
    let receipt = remember.receipt(ticket.id, &ticket)?;
    let writes = vec![insert_row(journal.engine(), &ticket)];
    let changeset = Changeset::new(ticket.created_at, writes, events).answering(receipt);
    let _now = journal.commit(changeset).await?;
    Ok(ticket)
}

/// Stores many new tickets at once, of which others were told already: each with its place, while
/// the triggers are set aside.
pub(crate) async fn insert_all<'a>(
    journal: &Journal,
    tickets: impl Iterator<Item = (&'a Ticket, Option<i64>)>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let insert = |(ticket, place): (&Ticket, Option<i64>)| match place {
        None => insert_row(journal.engine(), ticket),
        Some(place) => {
            let row = row_of(ticket).into_iter().chain([Value::from(place)]);
            Statement::one_row(INSERT_PLACED, row)
        }
    };
    let writes = tickets.map(insert).collect();
    journal.commit(Changeset::new(at, writes, Vec::new())).await.map(|_now| ())
}

fn insert_row(engine: Engine, ticket: &Ticket) -> Statement {
    let row = row_of(ticket);
    match engine {
        Engine::Sqlite => Statement::one_row(INSERT, row),
        Engine::Postgres => {
            Statement::one_row(INSERT_FOLDED, row.into_iter().chain([folded(ticket)]))
        }
    }
}

/// The title without case.
fn folded(ticket: &Ticket) -> Value {
    kernel::text::caseless(ticket.title.as_str()).into()
}

fn row_of(ticket: &Ticket) -> [Value; 13] {
    params![
        ticket.id,
        ticket.seller,
        ticket.title.as_str(),
        searchable(ticket.title.as_str()),
        ticket.description.as_ref().map(Description::as_str),
        ticket.price.minor(),
        ticket.price.currency().code(),
        ticket.status.as_str(),
        ticket.holder(),
        ticket.version,
        ticket.revision,
        ticket.created_at,
        ticket.updated_at,
    ]
}

/// Stores a ticket that was loaded at the revision before, and waits until orders knows: whoever
/// was told that a ticket is withdrawn, or has another price, can rely on it from then on.
pub(crate) async fn update(
    journal: &Journal,
    decision: Decision<Ticket, Event>,
) -> Result<Ticket, StoreError> {
    let Decision { state: ticket, events } = decision;
    let writes = vec![update_row(journal.engine(), &ticket)];
    let changeset = Changeset::new(ticket.updated_at, writes, events);
    let _now = journal.commit_and_tell(changeset, NEWS_PATIENCE).await?;
    Ok(ticket)
}

/// Stores what was seen of its orders, and what follows for the ticket.
pub(crate) async fn observe(
    journal: &Journal,
    decision: Decision<Ticket, Event>,
    seen: Sightings,
    delivery: EventId,
    at: Timestamp,
) -> Result<Committed, StoreError> {
    let Decision { state: ticket, events } = decision;
    let held = params![
        ticket.id,
        loaded(&ticket),
        ticket.holder(),
        seen.of_holder.map(|hold| hold.status.as_str()),
        seen.of_holder.map(|hold| hold.version),
        ticket.version,
        ticket.updated_at,
        ticket.held.and_then(|held| held.until),
    ];
    let mut writes = vec![Statement::one_row(HOLD, held)];
    for hold in seen.of_others {
        let row =
            params![hold.order_id, ticket.id, hold.status.as_str(), hold.version, hold.expires_at,];
        writes.push(Statement::new(SEE, row));
    }
    journal.commit(Changeset::new(at, writes, events).handling(delivery)).await
}

/// Guarded by the revision the ticket had when it was loaded.
fn update_row(engine: Engine, ticket: &Ticket) -> Statement {
    let row = params![
        ticket.id,
        loaded(ticket),
        ticket.title.as_str(),
        searchable(ticket.title.as_str()),
        ticket.description.as_ref().map(Description::as_str),
        ticket.price.minor(),
        ticket.status.as_str(),
        ticket.holder(),
        ticket.version,
        ticket.updated_at,
    ];
    match engine {
        Engine::Sqlite => Statement::one_row(UPDATE, row),
        Engine::Postgres => {
            Statement::one_row(UPDATE_FOLDED, row.into_iter().chain([folded(ticket)]))
        }
    }
}

/// The revision that a changed ticket had when it was loaded.
fn loaded(ticket: &Ticket) -> i64 {
    i64::from(ticket.revision.number()) - 1
}

fn ticket_of(row: &Row) -> Result<Ticket, StoreError> {
    let currency = row.parse(5, |text| text.parse().ok())?;
    let description: Option<String> = row.get(3)?;
    let (holder, until): (Option<OrderId>, Option<Timestamp>) = (row.get(7)?, row.get(12)?);
    Ok(Ticket {
        id: row.get(0)?,
        seller: row.get(1)?,
        title: row.parse(2, |text| TicketTitle::parse(text).ok())?,
        description: description.and_then(|text| Description::parse(&text).ok()),
        price: Money::new(row.get(4)?, currency),
        status: row.parse(6, TicketStatus::from_text)?,
        held: holder.map(|by| Held { by, until }),
        version: row.get(8)?,
        revision: row.get(9)?,
        created_at: row.get(10)?,
        updated_at: row.get(11)?,
    })
}

fn hold_of(row: &Row) -> Result<Hold, StoreError> {
    Ok(Hold {
        order_id: row.get(0)?,
        status: row.parse(1, OrderStatus::from_text)?,
        version: row.get(2)?,
        // of one that is complete nobody asks any more
        expires_at: row.get::<Option<Timestamp>>(3)?.unwrap_or(Timestamp::from_micros(0)),
    })
}
