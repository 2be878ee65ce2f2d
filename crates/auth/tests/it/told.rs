//! Relations that entities tell themselves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use kernel::{OrderId, TicketId, UserId};
use ory::rights::{EditOrder, EditTicket, OrderTicket, ViewOrder};
use ory::{
    Denied, Object, Permissions, PortError, Relations, Tuple, forget_unused, not_told, permit,
    tuples,
};

use crate::world::World;

/// Entities that somebody else keeps.
struct Entities {
    namespace: &'static str,
    tuples: Mutex<Vec<Tuple>>,
    asked: AtomicUsize,
    are_away: bool,
}

impl Entities {
    fn in_namespace(namespace: &'static str) -> Arc<Self> {
        Arc::new(Self {
            namespace,
            tuples: Mutex::default(),
            asked: AtomicUsize::new(0),
            are_away: false,
        })
    }

    fn make(&self, tuple: Tuple) {
        self.tuples.lock().unwrap().push(tuple);
    }
}

#[async_trait]
impl Relations for Entities {
    fn namespace(&self) -> &'static str {
        self.namespace
    }

    async fn of(&self, object: &Object) -> Result<Vec<Tuple>, PortError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.are_away {
            return Err(not_told("away"));
        }
        let tuples = self.tuples.lock().unwrap();
        Ok(tuples.iter().filter(|tuple| tuple.object == *object).cloned().collect())
    }
}

fn told(world: &World, tellers: &[&Arc<Entities>]) -> Arc<dyn Permissions> {
    let tellers = tellers.iter().map(|teller| Arc::clone(teller) as Arc<dyn Relations>);
    world.auth.permissions(tellers.collect())
}

#[tokio::test]
async fn rights_are_there_with_the_entity_and_are_not_written() {
    let world = World::new().await;
    let (tickets, orders) = (Entities::in_namespace("Ticket"), Entities::in_namespace("Order"));
    let permissions = told(&world, &[&tickets, &orders]);
    let asked = &*permissions;
    let [seller, buyer] = [UserId::generate(), UserId::generate()];
    let (ticket, order) = (TicketId::generate(), OrderId::generate());
    let (of_ticket, of_order) = (
        [tuples::ticket_owner(ticket, seller)],
        [tuples::order_owner(order, buyer), tuples::order_parent(order, ticket)],
    );
    permissions.grant(&of_ticket).await.unwrap();
    permissions.grant(&of_order).await.unwrap();
    assert!(permit::<EditTicket>(asked, seller, ticket).await.is_err(), "there is no ticket yet");
    assert!(permit::<EditOrder>(asked, buyer, order).await.is_err(), "there is no order yet");
    of_ticket.iter().cloned().for_each(|tuple| tickets.make(tuple));
    of_order.iter().cloned().for_each(|tuple| orders.make(tuple));
    assert!(permit::<EditTicket>(asked, seller, ticket).await.is_ok());
    assert!(permit::<OrderTicket>(asked, seller, ticket).await.is_err());
    assert!(permit::<OrderTicket>(asked, buyer, ticket).await.is_ok());
    assert!(permit::<EditOrder>(asked, buyer, order).await.is_ok());
    assert!(permit::<ViewOrder>(asked, seller, order).await.is_ok());
    assert!(permit::<EditOrder>(asked, seller, order).await.is_err());
    let owners = permissions.list(&tuples::ticket(ticket), "owners").await.unwrap();
    assert_eq!(owners, of_ticket);
    assert_eq!(world.count("tuples").await, 0);
    forget_unused(asked, &of_order).await;
    assert!(permit::<EditOrder>(asked, buyer, order).await.is_ok(), "it is there, after all");
}

#[tokio::test]
async fn an_entity_is_asked_until_it_is_there_and_then_once() {
    let world = World::new().await;
    let tickets = Entities::in_namespace("Ticket");
    let permissions = told(&world, &[&tickets]);
    let (ticket, seller) = (TicketId::generate(), UserId::generate());
    for asked in 1..=3 {
        assert!(permit::<EditTicket>(&*permissions, seller, ticket).await.is_err());
        assert_eq!(tickets.asked.load(Ordering::SeqCst), asked);
    }
    tickets.make(tuples::ticket_owner(ticket, seller));
    for _ in 0..3 {
        assert!(permit::<EditTicket>(&*permissions, seller, ticket).await.is_ok());
        assert!(permit::<OrderTicket>(&*permissions, seller, ticket).await.is_err());
        assert_eq!(tickets.asked.load(Ordering::SeqCst), 4);
    }
}

/// Everybody but the owner may order: a `no` that is only missing must not become a yes.
#[tokio::test]
async fn an_entity_that_can_not_be_asked_is_no_yes() {
    let world = World::new().await;
    let away = Arc::new(Entities {
        namespace: "Ticket",
        tuples: Mutex::default(),
        asked: AtomicUsize::new(0),
        are_away: true,
    });
    let permissions = told(&world, &[&away]);
    let (ticket, user) = (TicketId::generate(), UserId::generate());
    let denied = permit::<OrderTicket>(&*permissions, user, ticket).await.unwrap_err();
    assert!(matches!(denied, Denied::Unknown(_)), "{denied}");
    assert!(permissions.list(&tuples::ticket(ticket), "owners").await.is_err());
}

#[tokio::test]
async fn what_an_entity_tells_is_neither_added_nor_removed() {
    let world = World::new().await;
    let tickets = Entities::in_namespace("Ticket");
    let permissions = told(&world, &[&tickets]);
    let (ticket, user) = (TicketId::generate(), UserId::generate());
    let both = [tuples::admin(user), tuples::ticket_owner(ticket, user)];
    for refused in [permissions.write(&both).await, permissions.delete(&both).await] {
        let error = refused.unwrap_err();
        assert!(error.reason.contains("for the entity itself to tell"), "{error}");
    }
    assert_eq!(world.count("tuples").await, 0, "all or nothing");
    permissions.grant(&both).await.unwrap();
    let admins = permissions.list(&tuples::admins(), "members").await.unwrap();
    assert_eq!(admins, both[..1], "what nobody tells is kept");
    permissions.withdraw(&both).await.unwrap();
    assert_eq!(world.count("tuples").await, 0);
}

/// One thing has one name: an id in another spelling is nobody's, whatever its teller makes of it.
#[tokio::test]
async fn another_spelling_is_another_object() {
    struct Lenient(Arc<Entities>);

    #[async_trait]
    impl Relations for Lenient {
        fn namespace(&self) -> &'static str {
            self.0.namespace
        }

        async fn of(&self, object: &Object) -> Result<Vec<Tuple>, PortError> {
            let id = object.id.to_lowercase();
            self.0.of(&Object::new(object.namespace.clone(), id)).await
        }
    }

    let world = World::new().await;
    let tickets = Entities::in_namespace("Ticket");
    tickets.make("Ticket:abc#owners@User:u".parse().unwrap());
    let permissions = world.auth.permissions(vec![Arc::new(Lenient(tickets))]);
    for (query, expected) in [("Ticket:abc#edit@User:u", true), ("Ticket:ABC#edit@User:u", false)] {
        assert_eq!(permissions.check(&query.parse().unwrap()).await.unwrap(), expected, "{query}");
    }
}
