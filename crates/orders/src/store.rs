//! How orders are kept: the rows, and the way there and back.

use std::collections::HashMap;

use events::{CancelReason, Event, OrderStatus, PaymentStatus, TicketInOrder, TicketStatus};
use kernel::{Decision, EventId, Money, OrderId, TicketId, Timestamp, UserId};
use outbox::{Changeset, Committed, Journal, Remember};
use store::{Engine, Migration, Row, Statement, StoreError, Value, params};

use crate::domain::{Listing, Order, OrderState, SeenPayment};
use crate::queries::list_orders::ListOrders;
use crate::queries::open_reservations::OpenReservation;

/// The tables of this context.
pub const MIGRATIONS: &[Migration] = &[
    Migration::new("orders/0001_orders", include_str!("../migrations/0001_orders.sql")),
    Migration::new("orders/0002_updated_at", include_str!("../migrations/0002_updated_at.sql")),
];

/// The unique index that makes a ticket have one active order at most.
pub(crate) const ONE_ACTIVE_PER_TICKET: &str = "orders_one_active_per_ticket";

const LISTING: &str = "select ticket_id, seller_id, title, price, currency, status, version,
     (select count(*) from orders where ticket_id = ?1 and status <> 'cancelled')
     from listings where ticket_id = ?1";

const SELLER: &str = "select seller_id from listings where ticket_id = ?1";

const KEEP_LISTING: &str = "insert into listings
     (ticket_id, seller_id, title, price, currency, status, version)
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
     on conflict (ticket_id) do update set title = excluded.title, price = excluded.price,
     currency = excluded.currency, status = excluded.status, version = excluded.version
     where excluded.version > listings.version";

const COLUMNS: &str = "id, ticket_id, ticket_title, ticket_price, ticket_currency, \
     ticket_version, seller_id, buyer_id, status, cancel_reason, expires_at, version, revision, \
     created_at, updated_at";

const PARTIES: &str = "select buyer_id, ticket_id from orders where id = ?1";

/// Inserts an order, if its ticket is still on sale as the order says; `$lock` sees to it that
/// this is so until the order is stored.
macro_rules! insert_sql {
    ($lock:literal) => {
        concat!(
            "insert into orders (ticket_id, id, ticket_title, ticket_price,
     ticket_currency, ticket_version, seller_id, buyer_id, status, cancel_reason, expires_at,
     version, revision, created_at, updated_at)
     select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15
     where exists (select 1 from listings where ticket_id = ?1 and title = ?3 and price = ?4
     and currency = ?5 and status = 'approved'",
            $lock,
            ")"
        )
    };
}

/// There, nobody else writes meanwhile.
const INSERT_SQLITE: &str = insert_sql!("");

/// There, a statement sees what was committed before it began. Whoever changes the listing waits
/// until the order is stored, or is waited for.
const INSERT_POSTGRES: &str = insert_sql!(" for share");

const UPDATE: &str = "update orders set status = ?3, cancel_reason = ?4, version = ?5,
     updated_at = ?6, revision = revision + 1 where id = ?1 and revision = ?2";

const OVERDUE: &str = "select id from orders
     where status in ('created', 'awaiting:payment') and expires_at <= ?1
     order by expires_at limit ?2";

const OPEN: &str = "select status, count(*) from (select status from orders
     where status in ('created', 'awaiting:payment') order by expires_at limit 100000) open
     group by status";

const OPEN_PAGE: &str = "select id, expires_at from orders
     where status in ('created', 'awaiting:payment') and (id > ?1 or ?1 is null)
     order by id limit ?2";

const PAYMENTS: &str = "select payment_id, status, version from order_payments where order_id = ?1";

const SEE: &str = "insert into order_payments (payment_id, order_id, status, version)
     values (?1, ?2, ?3, ?4)
     on conflict (payment_id) do update set status = excluded.status, version = excluded.version
     where excluded.version > order_payments.version";

/// A ticket as this context knows it, and whether an active order holds it.
pub(crate) struct Offer {
    pub(crate) listing: Listing,
    pub(crate) is_held: bool,
}

pub(crate) async fn offer(journal: &Journal, id: TicketId) -> Result<Option<Offer>, StoreError> {
    let rows = journal.query(LISTING, params![id]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let currency = row.parse(4, |text| text.parse().ok())?;
    let listing = Listing {
        ticket_id: row.get(0)?,
        seller: row.get(1)?,
        title: row.get(2)?,
        price: Money::new(row.get(3)?, currency),
        status: row.parse(5, TicketStatus::from_text)?,
        version: row.get(6)?,
    };
    Ok(Some(Offer { listing, is_held: row.get::<i64>(7)? > 0 }))
}

/// Who sells a ticket.
pub(crate) async fn seller(journal: &Journal, id: TicketId) -> Result<Option<UserId>, StoreError> {
    let rows = journal.query(SELLER, params![id]).await?;
    rows.first().map(|row| row.get(0)).transpose()
}

/// Keeps what tickets told, unless something newer is known.
pub(crate) async fn keep_listing(
    journal: &Journal,
    listing: &Listing,
    delivery: EventId,
    at: Timestamp,
) -> Result<Committed, StoreError> {
    let writes = vec![listing_row(listing)];
    journal.commit(Changeset::new(at, writes, Vec::new()).handling(delivery)).await
}

/// As [`keep_listing`], for many that no event tells of.
pub(crate) async fn keep_listings(
    journal: &Journal,
    listings: &[Listing],
    at: Timestamp,
) -> Result<(), StoreError> {
    let writes = listings.iter().map(listing_row).collect();
    journal.commit(Changeset::new(at, writes, Vec::new())).await.map(|_now| ())
}

fn listing_row(listing: &Listing) -> Statement {
    let row = params![
        listing.ticket_id,
        listing.seller,
        listing.title.as_str(),
        listing.price.minor(),
        listing.price.currency().code(),
        listing.status.as_str(),
        listing.version,
    ];
    Statement::new(KEEP_LISTING, row)
}

pub(crate) async fn find(journal: &Journal, id: OrderId) -> Result<Option<Order>, StoreError> {
    let sql = format!("select {COLUMNS} from orders where id = ?1");
    let rows = journal.query(sql, params![id]).await?;
    rows.first().map(order_of).transpose()
}

/// Who bought with an order, and what.
pub(crate) async fn parties(
    journal: &Journal,
    id: OrderId,
) -> Result<Option<(UserId, TicketId)>, StoreError> {
    let rows = journal.query(PARTIES, params![id]).await?;
    rows.first().map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

pub(crate) async fn payments(
    journal: &Journal,
    id: OrderId,
) -> Result<Vec<SeenPayment>, StoreError> {
    let rows = journal.query(PAYMENTS, params![id]).await?;
    let seen = |row: &Row| {
        let status = row.parse(1, PaymentStatus::from_text)?;
        Ok(SeenPayment { payment_id: row.get(0)?, status, version: row.get(2)? })
    };
    rows.iter().map(seen).collect()
}

/// Unpaid orders whose deadline was at or before `deadline`, the longest overdue first.
pub(crate) async fn overdue(
    journal: &Journal,
    deadline: Timestamp,
    limit: u32,
) -> Result<Vec<OrderId>, StoreError> {
    let rows = journal.query(OVERDUE, params![deadline, limit]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// How many orders are open, by status; counted up to 100,000 together.
pub(crate) async fn open_by_status(
    journal: &Journal,
) -> Result<Vec<(&'static str, i64)>, StoreError> {
    let rows = journal.scan(OPEN, []).await?;
    let count = |row: &Row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?));
    let counted = rows.iter().map(count).collect::<Result<HashMap<_, _>, StoreError>>()?;
    let open = [OrderStatus::Created, OrderStatus::AwaitingPayment].map(OrderStatus::as_str);
    Ok(open.map(|status| (status, counted.get(status).copied().unwrap_or(0))).to_vec())
}

/// Open reservations by their ids, after `after`.
pub(crate) async fn open_reservations(
    journal: &Journal,
    after: Option<OrderId>,
    limit: u32,
) -> Result<Vec<OpenReservation>, StoreError> {
    let rows = journal.scan(OPEN_PAGE, params![after, limit]).await?;
    let read = |row: &Row| Ok(OpenReservation { id: row.get(0)?, expires_at: row.get(1)? });
    rows.iter().map(read).collect()
}

/// On which side of an order somebody stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Who buys.
    Buyer,
    /// Who sells.
    Seller,
}

/// A page's rows, newest first, and one more, if there are more.
pub(crate) async fn list(journal: &Journal, query: &ListOrders) -> Result<Vec<Order>, StoreError> {
    let side = match query.side {
        Side::Buyer => "buyer_id",
        Side::Seller => "seller_id",
    };
    let mut values = params![query.user, query.limit + 1].to_vec();
    let mut conditions = String::new();
    if let Some(after) = query.after {
        values.push(Value::from(after));
        conditions.push_str(" and id < ?3");
    }
    if !query.statuses.is_empty() {
        let first = values.len() + 1;
        values.extend(query.statuses.iter().map(|status| Value::from(status.as_str())));
        let places: Vec<_> = (first..=values.len()).map(|place| format!("?{place}")).collect();
        // without the `+` a partial index might lead away from the order of the page
        conditions.push_str(&format!(" and +status in ({})", places.join(", ")));
    }
    let sql = format!(
        "select {COLUMNS} from orders where {side} = ?1{conditions} order by id desc limit ?2"
    );
    let rows = if query.statuses.is_empty() {
        journal.query(sql, values).await?
    } else {
        // all of somebody's orders may have another status
        journal.scan(sql, values).await?
    };
    rows.iter().map(order_of).collect()
}

/// Stores a new order. It is a conflict if its ticket isn't on sale any more as the order says.
pub(crate) async fn insert(
    journal: &Journal,
    decision: Decision<Order, Event>,
    remember: &Remember<Order>,
) -> Result<Order, StoreError> {
    let Decision { state: order, events } = decision;
    let row = params![
        order.ticket.id,
        order.id,
        order.ticket.title.as_str(),
        order.ticket.price.of(order.ticket.currency).minor(),
        order.ticket.currency.code(),
        order.ticket.version,
        order.seller,
        order.buyer,
        order.state.status().as_str(),
        order.state.cancel_reason().map(CancelReason::as_str),
        order.expires_at,
        order.version,
        order.revision,
        order.created_at,
        order.updated_at,
    ];
    let insert = match journal.engine() {
        Engine::Sqlite => INSERT_SQLITE,
        Engine::Postgres => INSERT_POSTGRES,
    };
    let writes = vec![Statement::one_row(insert, row)];
    let receipt = remember.receipt(order.id, &order)?;
    let changeset = Changeset::new(order.created_at, writes, events).answering(receipt);
    let _now = journal.commit(changeset).await?;
    Ok(order)
}

/// Stores an order that was loaded at the revision before, with what was `seen` of a payment, in
/// answer to `delivery` if an event asked for it.
pub(crate) async fn update(
    journal: &Journal,
    decision: Decision<Order, Event>,
    seen: Option<SeenPayment>,
    delivery: Option<EventId>,
    at: Timestamp,
) -> Result<(Order, Committed), StoreError> {
    let Decision { state: order, events } = decision;
    let loaded = i64::from(order.revision.number()) - 1;
    let row = params![
        order.id,
        loaded,
        order.state.status().as_str(),
        order.state.cancel_reason().map(CancelReason::as_str),
        order.version,
        order.updated_at,
    ];
    let mut writes = vec![Statement::one_row(UPDATE, row)];
    if let Some(payment) = seen {
        let row = params![payment.payment_id, order.id, payment.status.as_str(), payment.version];
        writes.push(Statement::one_row(SEE, row));
    }
    let changeset = Changeset::new(at, writes, events);
    let changeset = match delivery {
        Some(delivery) => changeset.handling(delivery),
        None => changeset,
    };
    let committed = journal.commit(changeset).await?;
    Ok((order, committed))
}

fn order_of(row: &Row) -> Result<Order, StoreError> {
    let currency = row.parse(4, |text| text.parse().ok())?;
    let price = Money::new(row.get(3)?, currency);
    let created_at = row.get(13)?;
    Ok(Order {
        id: row.get(0)?,
        ticket: TicketInOrder {
            id: row.get(1)?,
            title: row.get(2)?,
            price: price.major(),
            currency,
            version: row.get(5)?,
        },
        seller: row.get(6)?,
        buyer: row.get(7)?,
        state: state_of(row)?,
        expires_at: row.get(10)?,
        version: row.get(11)?,
        revision: row.get(12)?,
        created_at,
        // zero where nobody knows it
        updated_at: row.get::<Timestamp>(14)?.max(created_at),
    })
}

fn state_of(row: &Row) -> Result<OrderState, StoreError> {
    Ok(match row.parse(8, OrderStatus::from_text)? {
        OrderStatus::Created => OrderState::Created,
        OrderStatus::AwaitingPayment => OrderState::AwaitingPayment,
        OrderStatus::Complete => OrderState::Complete,
        OrderStatus::Cancelled => OrderState::Cancelled(row.parse(9, CancelReason::from_text)?),
    })
}
