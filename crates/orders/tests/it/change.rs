//! Tickets that are changed while somebody orders them.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bus::Consumer;
use events::{Envelope, Ticket, TicketCreated, TicketStatus, TicketUpdated};
use kernel::{Clock, MajorUnits, UserId, Version};
use orders::domain::Order;
use orders::{Error, OrderError};
use ory::{Object, Permissions, PortError, Query, Tuple};
use outbox::Remember;
use testkit::{Everybody, sealed};

use crate::support::{World, ticket};

/// Permissions kept so far away that, while rights are granted, an event is handled.
struct FarAway {
    consumer: Arc<dyn Consumer>,
    /// One for each time that rights are granted.
    meanwhile: Mutex<Vec<Arc<Envelope>>>,
    rights: Mutex<Vec<Tuple>>,
}

#[async_trait]
impl Permissions for FarAway {
    async fn check(&self, query: &Query) -> Result<bool, PortError> {
        Everybody.check(query).await
    }

    async fn write(&self, tuples: &[Tuple]) -> Result<(), PortError> {
        self.rights.lock().unwrap().extend_from_slice(tuples);
        let event = self.meanwhile.lock().unwrap().pop();
        if let Some(event) = event {
            self.consumer.consume(event).await.unwrap();
        }
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

/// What becomes of an order while whose rights are granted its ticket goes through `changes`, one
/// each time; and how many rights are left.
async fn ordered_meanwhile(
    changes: impl FnOnce(&Ticket) -> Vec<Ticket>,
) -> (Result<Order, Error>, usize) {
    let mut world = World::new().await;
    let ticket = ticket(world.clock.now());
    let permit = ory::permit(&Everybody, UserId::generate(), ticket.id).await.unwrap();
    let told = changes(&ticket).into_iter().map(|it| sealed(TicketUpdated(it)));
    let far_away = Arc::new(FarAway {
        consumer: orders::subscription(&world.orders).consumer,
        meanwhile: Mutex::new(told.rev().collect()),
        rights: Mutex::default(),
    });
    world.orders.permissions = Arc::clone(&far_away) as Arc<dyn Permissions>;
    world.deliver(&sealed(TicketCreated(ticket))).await;
    let order = world.orders.place_order(permit, Remember::NOTHING).await;
    let left = far_away.rights.lock().unwrap().len();
    (order, left)
}

fn at(ticket: &Ticket, price: &str, version: u32) -> Ticket {
    let price = MajorUnits::parse(price).unwrap();
    Ticket { price, version: Version::new(version), ..ticket.clone() }
}

/// Its seller was told that everybody pays the new price from then on.
#[tokio::test]
async fn who_orders_pays_what_the_ticket_costs_as_the_order_is_stored() {
    let (order, rights) = ordered_meanwhile(|it| vec![at(it, "99", 1)]).await;
    let order = order.unwrap();
    assert_eq!(
        (order.ticket.price.to_string(), order.ticket.version),
        ("99".into(), Version::new(1))
    );
    assert_eq!(rights, 2, "those of the order");
}

#[tokio::test]
async fn a_ticket_withdrawn_meanwhile_is_not_sold() {
    let withdrawn = |it: &Ticket| Ticket { status: TicketStatus::Withdrawn, ..at(it, "19.99", 1) };
    let (order, rights) = ordered_meanwhile(|it| vec![withdrawn(it)]).await;
    assert!(matches!(order, Err(Error::NotPlaced(_, OrderError::NotForSale))), "{order:?}");
    assert_eq!(rights, 0, "to an order that is not there");
}

#[tokio::test]
async fn a_ticket_that_changes_all_the_while_is_a_conflict() {
    let changes = |it: &Ticket| (1..=9).map(|version| at(it, "20", version)).collect();
    let (order, rights) = ordered_meanwhile(changes).await;
    assert!(matches!(&order, Err(Error::Store(error)) if error.is_conflict()), "{order:?}");
    assert_eq!(rights, 0, "to an order that is not there");
}
