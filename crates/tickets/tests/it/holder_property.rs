//! However the events of its orders are delivered, a ticket ends with the holder it has when each
//! comes once and in turn, and the last that others are told is just that.

use std::sync::Arc;

use events::{
    CancelReason, Envelope, Order, OrderCancelled, OrderCompleted, OrderCreated, OrderStatus,
};
use kernel::{Clock, EventId, MajorUnits, OrderId, SystemClock, UserId, Version};
use outbox::Remember;
use proptest::collection::vec;
use proptest::prelude::*;
use store::params;
use testkit::{cases, deliveries, runtime, sealed};
use tickets::commands::create_ticket::CreateTicket;
use tickets::domain::{Ticket, TicketTitle};

use crate::support::World;

const TOLD_LAST: &str = "select json(envelope) -> 'data' ->> 'orderId',
     cast(json(envelope) ->> 'version' as bigint) as version
     from outbox where id > ?1 order by version desc limit 1";

/// What was seen of each order, in the ticket's row or beside it.
const HOLDS: &str = "with seen as
     (select order_id, status, version from holds where ticket_id = ?1 union all
     select order_id, order_status, order_version from tickets
     where id = ?1 and order_id is not null)
     select distinct order_id, status, version from seen
     where not exists (select 1 from seen newer
     where newer.order_id = seen.order_id and newer.version > seen.version)
     order by order_id";

/// What became of one order. Only its beginning and its end are told to tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Cancelled before anybody tried to pay.
    GivenBack,
    /// Cancelled while it awaited payment.
    Unpaid,
    /// Still active.
    Open,
    /// Complete.
    Sold,
}

impl Fate {
    const fn holds(self) -> bool {
        matches!(self, Self::Open | Self::Sold)
    }

    const fn events(self) -> usize {
        match self {
            Self::Open => 1,
            Self::GivenBack | Self::Unpaid | Self::Sold => 2,
        }
    }

    /// What orders tells of an order that ends so.
    fn tell(self, placed: Order) -> Vec<Arc<Envelope>> {
        let created = sealed(OrderCreated(placed.clone()));
        let ended = |status, version, cancel_reason| Order {
            status,
            version: Version::new(version),
            cancel_reason,
            ..placed
        };
        match self {
            Self::Open => vec![created],
            Self::GivenBack => {
                let order = ended(OrderStatus::Cancelled, 1, Some(CancelReason::Buyer));
                vec![created, sealed(OrderCancelled(order))]
            }
            Self::Unpaid => {
                let order = ended(OrderStatus::Cancelled, 2, Some(CancelReason::Expired));
                vec![created, sealed(OrderCancelled(order))]
            }
            Self::Sold => {
                vec![created, sealed(OrderCompleted(ended(OrderStatus::Complete, 2, None)))]
            }
        }
    }
}

/// The orders of one ticket: the next is placed only after the one before was cancelled.
fn orders() -> impl Strategy<Value = Vec<Fate>> {
    let cancelled = prop::sample::select(vec![Fate::GivenBack, Fate::Unpaid]);
    let last = prop::sample::select(vec![Fate::Open, Fate::Sold]);
    (vec(cancelled, 0..=3), prop::option::of(last)).prop_map(|(mut orders, last)| {
        orders.extend(last);
        orders
    })
}

fn events_of(orders: &[Fate]) -> usize {
    orders.iter().map(|fate| fate.events()).sum()
}

/// What is left in the end. Orders are numbered in the order in which they were placed.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    holder: Option<usize>,
    told_holder: Option<usize>,
    holds: Vec<(usize, String, Version)>,
}

/// Lists a ticket, and delivers what orders tells of these orders for it.
async fn outcome(world: &World, orders: &[Fate], deliveries: &[usize]) -> Outcome {
    let before = EventId::generate();
    let ticket = list_ticket(world).await;
    let ids: Vec<_> = orders.iter().map(|_| OrderId::generate()).collect();
    let told = ids.iter().zip(orders).flat_map(|(id, fate)| fate.tell(placed(*id, &ticket)));
    world.deliver(&told.collect::<Vec<_>>(), deliveries).await;

    let number = |id: OrderId| ids.iter().position(|it| *it == id).unwrap();
    let ticket = world.tickets.find_ticket(ticket.id).await.unwrap();
    let journal = &world.tickets.journal;
    let is_sold = orders.last() == Some(&Fate::Sold);
    let is_reserved = ticket.held.is_some_and(|held| held.until.is_some());
    let knows_all = (0..events_of(orders)).all(|number| deliveries.contains(&number));
    assert!(!knows_all || is_reserved == (ticket.held.is_some() && !is_sold));
    let told = &journal.query(TOLD_LAST, params![before]).await.unwrap()[0];
    assert_eq!(told.get::<Version>(1).unwrap(), ticket.version, "every change is told");
    let told_holder: Option<String> = told.get(0).unwrap();
    let holds = journal.query(HOLDS, params![ticket.id]).await.unwrap();
    let hold = holds.iter().map(|row| {
        (number(row.get(0).unwrap()), row.get(1).unwrap(), row.get::<Version>(2).unwrap())
    });
    Outcome {
        holder: ticket.holder().map(number),
        told_holder: told_holder.map(|id| number(OrderId::parse(&id).unwrap())),
        holds: hold.collect(),
    }
}

async fn list_ticket(world: &World) -> Ticket {
    let (title, description) = (TicketTitle::parse("Nick Cave").unwrap(), None);
    let price = MajorUnits::parse("19.99").unwrap();
    let command = CreateTicket { title, description, price };
    world.tickets.create_ticket(UserId::generate(), command, Remember::NOTHING).await.unwrap()
}

pub(crate) fn placed(id: OrderId, ticket: &Ticket) -> Order {
    let now = SystemClock.now();
    Order {
        id,
        ticket: events::TicketInOrder {
            id: ticket.id,
            title: ticket.title.as_str().to_owned(),
            price: ticket.price.major(),
            currency: ticket.price.currency(),
            version: ticket.version,
        },
        user_id: UserId::generate(),
        status: OrderStatus::Created,
        expires_at: now,
        version: Version::INITIAL,
        created_at: now,
        updated_at: now,
        cancel_reason: None,
    }
}

#[test]
fn a_ticket_ends_with_the_holder_that_orders_gave_it() {
    let runtime = runtime();
    let world = runtime.block_on(World::new());
    let stories = orders().prop_flat_map(|orders| {
        let deliveries = deliveries(events_of(&orders));
        (Just(orders), deliveries)
    });
    proptest!(cases(2_000), |((orders, deliveries) in stories)| {
        let in_turn: Vec<_> = (0..events_of(&orders)).collect();
        let expected = runtime.block_on(outcome(&world, &orders, &in_turn));
        prop_assert_eq!(expected.holder, orders.iter().position(|fate| fate.holds()));
        prop_assert_eq!(expected.told_holder, expected.holder);
        let delivered = runtime.block_on(outcome(&world, &orders, &deliveries));
        prop_assert_eq!(delivered, expected);
    });
}
