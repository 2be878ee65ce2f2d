//! How payments are kept: the rows, and the way there and back.

use events::{Event, OrderStatus, PaymentStatus};
use kernel::{Decision, EventId, Money, OrderId, PaymentId, Timestamp, UserId};
use outbox::{Changeset, Committed, Journal, Remember};
use store::{Migration, Row, Statement, StoreError, Value, params};
use uuid::Uuid;

use crate::domain::{CardToken, ChargeId, DeclineCode, PayableOrder, Payment, PaymentState};

/// The tables of this context.
pub const MIGRATIONS: &[Migration] = &[
    Migration::new("payments/0001_payments", include_str!("../migrations/0001_payments.sql")),
    Migration::new("payments/0002_trace", include_str!("../migrations/0002_trace.sql")),
];

/// The unique index that makes an order have one live payment at most.
pub(crate) const ONE_LIVE_PER_ORDER: &str = "payments_one_live_per_order";

const ORDER: &str = "select order_id, buyer_id, price, currency, status, expires_at, version
     from payable_orders where order_id = ?1";

const KEEP_ORDER: &str = "insert into payable_orders
     (order_id, buyer_id, price, currency, status, expires_at, version)
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
     on conflict (order_id) do update set status = excluded.status, version = excluded.version
     where excluded.version > payable_orders.version";

const COLUMNS: &str = "id, order_id, payer_id, status, charge_id, decline_code, card_token, \
     amount, currency, version, created_at";

const PARTIES: &str = "select payer_id, order_id from payments where id = ?1";

const INSERT: &str = "insert into payments (id, order_id, payer_id, status, charge_id,
     decline_code, card_token, amount, currency, version, created_at, traceparent)
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

const UPDATE: &str = "update payments set status = ?3, charge_id = ?4, decline_code = ?5,
     card_token = ?6, version = ?7 where id = ?1 and version = ?2";

const TRACE: &str = "select traceparent from payments where id = ?1";

const UNSETTLED: &str =
    "select p.id from payments p join payable_orders o on o.order_id = p.order_id
     where p.id > ?1 and p.status in ('pending', 'authorized')
     and (p.status = 'pending' or o.status in ('complete', 'cancelled'))
     order by p.id limit ?2";

const CHARGED_FOR_NOTHING: &str = "select p.id from payments p
     join payable_orders o on o.order_id = p.order_id
     where p.status = 'captured' and o.status = 'cancelled' limit ?1";

/// Who paid with a payment, and for what.
pub(crate) async fn parties(
    journal: &Journal,
    id: PaymentId,
) -> Result<Option<(UserId, OrderId)>, StoreError> {
    let rows = journal.query(PARTIES, params![id]).await?;
    rows.first().map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

pub(crate) async fn order(
    journal: &Journal,
    id: OrderId,
) -> Result<Option<PayableOrder>, StoreError> {
    let rows = journal.query(ORDER, params![id]).await?;
    let order_of = |row: &Row| {
        let currency = row.parse(3, |text| text.parse().ok())?;
        Ok(PayableOrder {
            id: row.get(0)?,
            buyer: row.get(1)?,
            price: Money::new(row.get(2)?, currency),
            status: row.parse(4, OrderStatus::from_text)?,
            expires_at: row.get(5)?,
            version: row.get(6)?,
        })
    };
    rows.first().map(order_of).transpose()
}

/// Keeps what orders told, unless something newer is known.
pub(crate) async fn keep_order(
    journal: &Journal,
    order: &PayableOrder,
    delivery: EventId,
    at: Timestamp,
) -> Result<Committed, StoreError> {
    let row = params![
        order.id,
        order.buyer,
        order.price.minor(),
        order.price.currency().code(),
        order.status.as_str(),
        order.expires_at,
        order.version,
    ];
    let writes = vec![Statement::new(KEEP_ORDER, row)];
    journal.commit(Changeset::new(at, writes, Vec::new()).handling(delivery)).await
}

pub(crate) async fn find(journal: &Journal, id: PaymentId) -> Result<Option<Payment>, StoreError> {
    let sql = format!("select {COLUMNS} from payments where id = ?1");
    let rows = journal.query(sql, params![id]).await?;
    rows.first().map(payment_of).transpose()
}

/// The trace of the request that asked for the payment.
pub(crate) async fn trace(journal: &Journal, id: PaymentId) -> Result<Option<String>, StoreError> {
    let rows = journal.query(TRACE, params![id]).await?;
    rows.first().map_or(Ok(None), |row| row.get(0))
}

/// The order's payments, newest first.
pub(crate) async fn of_order(
    journal: &Journal,
    id: OrderId,
    limit: u32,
) -> Result<Vec<Payment>, StoreError> {
    page_of_order(journal, id, None, limit).await
}

/// As [`of_order`], after the payment with the id `after`.
pub(crate) async fn page_of_order(
    journal: &Journal,
    id: OrderId,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Payment>, StoreError> {
    let (mut values, mut start) = (params![id, limit].to_vec(), "");
    if let Some(after) = after {
        values.push(Value::from(after));
        start = " and id < ?3";
    }
    let sql = format!(
        "select {COLUMNS} from payments where order_id = ?1{start} order by id desc limit ?2"
    );
    let rows = journal.query(sql, values).await?;
    rows.iter().map(payment_of).collect()
}

/// Payments with something to be done, oldest first, after the one with id `after`.
pub(crate) async fn unsettled(
    journal: &Journal,
    after: PaymentId,
    limit: u32,
) -> Result<Vec<PaymentId>, StoreError> {
    let rows = journal.query(UNSETTLED, params![after, limit]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Charges for orders that aren't complete. There should be none.
pub(crate) async fn charged_for_nothing(
    journal: &Journal,
    limit: u32,
) -> Result<Vec<PaymentId>, StoreError> {
    let rows = journal.scan(CHARGED_FOR_NOTHING, params![limit]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

pub(crate) async fn insert(
    journal: &Journal,
    decision: Decision<Payment, Event>,
    remember: Remember<Payment>,
) -> Result<(), StoreError> {
    let Decision { state: payment, events } = decision;
    let columns = Columns::of(&payment.state);
    let row = params![
        payment.id,
        payment.order_id,
        payment.payer,
        payment.state.status().as_str(),
        columns.charge,
        columns.decline_code,
        columns.card_token,
        payment.amount.minor(),
        payment.amount.currency().code(),
        payment.version,
        payment.created_at,
        telemetry::trace::current_header(),
    ];
    let writes = vec![Statement::one_row(INSERT, row)];
    let receipt = remember.receipt(payment.id, &payment)?;
    let changeset = Changeset::new(payment.created_at, writes, events).answering(receipt);
    let _now = journal.commit(changeset).await?;
    Ok(())
}

/// Stores a payment that was loaded at the version before.
pub(crate) async fn update(
    journal: &Journal,
    decision: Decision<Payment, Event>,
    at: Timestamp,
) -> Result<Payment, StoreError> {
    let Decision { state: payment, events } = decision;
    let columns = Columns::of(&payment.state);
    let row = params![
        payment.id,
        i64::from(payment.version.number()) - 1,
        payment.state.status().as_str(),
        columns.charge,
        columns.decline_code,
        columns.card_token,
        payment.version,
    ];
    let writes = vec![Statement::one_row(UPDATE, row)];
    let _now = journal.commit(Changeset::new(at, writes, events)).await?;
    Ok(payment)
}

/// The columns that depend on where a payment stands.
#[derive(Default)]
struct Columns<'a> {
    charge: Option<&'a str>,
    decline_code: Option<&'a str>,
    card_token: Option<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(state: &'a PaymentState) -> Self {
        let charge = state.charge().map(ChargeId::as_str);
        match state {
            PaymentState::Pending { card } => {
                Self { card_token: Some(card.expose()), ..Self::default() }
            }
            PaymentState::Failed { code } => {
                Self { decline_code: Some(code.as_str()), ..Self::default() }
            }
            _ => Self { charge, ..Self::default() },
        }
    }
}

fn payment_of(row: &Row) -> Result<Payment, StoreError> {
    let currency = row.parse(8, |text| text.parse().ok())?;
    Ok(Payment {
        id: row.get(0)?,
        order_id: row.get(1)?,
        payer: row.get(2)?,
        state: state_of(row)?,
        amount: Money::new(row.get(7)?, currency),
        version: row.get(9)?,
        created_at: row.get(10)?,
    })
}

fn state_of(row: &Row) -> Result<PaymentState, StoreError> {
    let charge = || row.get::<String>(4).map(ChargeId::new);
    Ok(match row.parse(3, PaymentStatus::from_text)? {
        PaymentStatus::Pending => {
            PaymentState::Pending { card: row.parse(6, |text| CardToken::parse(text).ok())? }
        }
        PaymentStatus::Authorized => PaymentState::Authorized { charge: charge()? },
        PaymentStatus::Captured => PaymentState::Captured { charge: charge()? },
        PaymentStatus::Voided => {
            PaymentState::Voided { charge: row.get::<Option<String>>(4)?.map(ChargeId::new) }
        }
        PaymentStatus::Failed => {
            PaymentState::Failed { code: row.get::<String>(5).map(DeclineCode::new)? }
        }
        PaymentStatus::Refunded => PaymentState::Refunded { charge: charge()? },
    })
}
