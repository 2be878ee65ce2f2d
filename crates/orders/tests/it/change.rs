//! Tickets that are changed while somebody orders them.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bus::Consumer;
use events::{Envelope, Ticket, TicketCreated, TicketStatus, TicketUpdated};
use kernel::{Clock, MajorUnits, OrderId, TicketId, UserId, Version};
use orders::domain::Order;
use orders::{Error, OrderError, Orders};
use ory::{Object, Permissions, PortError, Query, Tuple, tuples};
use outbox::{MayConflict, Remember};
use testkit::{Everybody, sealed};
use tokio::task::JoinSet;

use crate::support::{World, ticket};

/// Permissions kept so far away that, while rights are granted, an event is handled.
struct FarAway {
    consumer: Arc<dyn Consumer>,
    meanwhile: Arc<Envelope>,
    rights: Mutex<Vec<Tuple>>,
}

#[async_trait]
impl Permissions for FarAway {
    async fn check(&self, query: &Query) -> Result<bool, PortError> {
        Everybody.check(query).await
    }

    async fn write(&self, tuples: &[Tuple]) -> Result<(), PortError> {
        self.rights.lock().unwrap().extend_from_slice(tuples);
        self.consumer.consume(Arc::clone(&self.meanwhile)).await.unwrap();
        Ok(())
    }

    async fn delete(&self, tuples: &[Tuple]) -> Result<(), PortError> {
        self.rights.lock().unwrap().retain(|right| !tuples.contains(right));
        Ok(())
    }

    async fn list(&self, object: &Object, relation: &str) -> Result<Vec<Tuple>, PortError> {
        Everybody.list(object, relation).await
    }
}

/// What becomes of an order whose ticket is changed while its rights are granted, and which rights
/// are left.
async fn ordered_meanwhile(
    change: impl FnOnce(Ticket) -> Ticket,
) -> (Result<Order, Error>, Vec<Tuple>) {
    let mut world = World::new().await;
    let ticket = ticket(world.clock.now());
    let permit = ory::permit(&Everybody, UserId::generate(), ticket.id).await.unwrap();
    world.deliver(&sealed(TicketCreated(ticket.clone()))).await;
    let far_away = Arc::new(FarAway {
        consumer: orders::subscription(&world.orders).consumer,
        meanwhile: sealed(TicketUpdated(change(ticket))),
        rights: Mutex::default(),
    });
    world.orders.permissions = Arc::clone(&far_away) as Arc<dyn Permissions>;
    let order = world.orders.place_order(permit, Remember::NOTHING).await;
    let left = far_away.rights.lock().unwrap().clone();
    (order, left)
}

/// `ticket` as its `version`, for `price`.
fn at(price: u32, version: u32, ticket: Ticket) -> Ticket {
    let price = MajorUnits::parse(&price.to_string()).unwrap();
    Ticket { price, version: Version::new(version), ..ticket }
}

fn rights_to(order: &Order) -> [Tuple; 2] {
    [tuples::order_owner(order.id, order.buyer), tuples::order_parent(order.id, order.ticket.id)]
}

/// Its seller was told that everybody pays the new price from then on.
#[tokio::test]
async fn who_orders_pays_what_the_ticket_costs_as_the_order_is_stored() {
    let (order, rights) = ordered_meanwhile(|ticket| at(99, 1, ticket)).await;
    let order = order.unwrap();
    assert_eq!(order.ticket.price, MajorUnits::parse("99").unwrap());
    assert_eq!(order.ticket.version, Version::new(1));
    assert_eq!(rights, rights_to(&order));
}

#[tokio::test]
async fn a_ticket_withdrawn_meanwhile_is_not_sold() {
    let withdrawn = |ticket: Ticket| Ticket {
        status: TicketStatus::Withdrawn,
        version: Version::new(1),
        ..ticket
    };
    let (order, rights) = ordered_meanwhile(withdrawn).await;
    assert!(matches!(order, Err(Error::NotPlaced(_, OrderError::NotForSale))), "{order:?}");
    assert_eq!(rights, [], "to an order that is not there");
}

/// A ticket is a new version, too, when an order of before is told to have freed it.
#[tokio::test]
async fn a_change_of_what_no_buyer_relies_on_is_none() {
    let described = |ticket: Ticket| Ticket {
        description: Some("By the door.".to_owned()),
        version: Version::new(1),
        ..ticket
    };
    let (order, rights) = ordered_meanwhile(described).await;
    let order = order.unwrap();
    assert_eq!(order.ticket.version, Version::INITIAL, "it was decided once");
    assert_eq!(rights, rights_to(&order));
}

/// How often a ticket's price is raised.
const RAISES: u32 = 60;

/// Tickets that are on sale at the same time.
const TICKETS: usize = 4;

/// Who wants the same ticket.
const BUYERS: usize = 3;

/// Orders the ticket and gives it back, over and over; answers for how much each time.
async fn buy(orders: Orders, id: TicketId, over: Arc<AtomicBool>) -> Vec<(OrderId, MajorUnits)> {
    let (buyer, mut placed) = (UserId::generate(), Vec::new());
    while !over.load(Ordering::SeqCst) {
        let permit = ory::permit(&Everybody, buyer, id).await.unwrap();
        match orders.place_order(permit, Remember::NOTHING).await {
            Ok(order) => {
                placed.push((order.id, order.ticket.price));
                let permit = ory::permit(&Everybody, buyer, order.id).await.unwrap();
                orders.cancel_order(permit).await.unwrap();
            }
            // another buyer has it, or its price is raised once more
            Err(Error::NotPlaced(_, OrderError::AlreadyReserved)) => {}
            Err(error) if error.is_conflict() => {}
            Err(error) => panic!("{error}"),
        }
    }
    placed
}

/// The orders that are stored.
async fn stored(world: &World) -> HashSet<OrderId> {
    let rows = world.orders.journal.query("select id from orders", []).await.unwrap();
    rows.iter().map(|row| row.get(0).unwrap()).collect()
}

/// A ticket whose price is raised while it is ordered: no order that comes to be stored after a
/// price was told is for less. Answers how many there were.
async fn sale(world: Arc<World>) -> usize {
    let ticket = ticket(world.clock.now());
    world.deliver(&sealed(TicketCreated(ticket.clone()))).await;
    let (over, mut buyers) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
    for _ in 0..BUYERS {
        buyers.spawn(buy(world.orders.clone(), ticket.id, Arc::clone(&over)));
    }
    let mut told = Vec::new();
    for raised in 1..=RAISES {
        let ticket = at(100 + raised, raised, ticket.clone());
        world.deliver(&sealed(TicketUpdated(ticket.clone()))).await;
        told.push((ticket.price, stored(&world).await));
    }
    over.store(true, Ordering::SeqCst);
    let placed = buyers.join_all().await.concat();
    for (id, paid) in &placed {
        let late = told.iter().find(|(price, before)| paid < price && !before.contains(id));
        assert!(late.is_none(), "{id} for {paid}: {:?} had been told", late.map(|(it, _)| it));
    }
    placed.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_order_is_stored_for_less_once_a_price_was_told() {
    let (world, mut sales) = (Arc::new(World::new().await), JoinSet::new());
    for _ in 0..TICKETS {
        sales.spawn(sale(Arc::clone(&world)));
    }
    let orders: usize = sales.join_all().await.into_iter().sum();
    assert!(orders > RAISES as usize, "{orders} orders say little");
}
