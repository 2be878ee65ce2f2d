//! Tickets that are looked at while they change: whoever was told of a change, and whoever looks
//! after that, sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use events::{CancelReason, Order, OrderCancelled, OrderCreated, OrderStatus};
use kernel::{Currency, MajorUnits, OrderId, TicketId, UserId};
use ory::rights::EditTicket;
use ory::{Permit, permit};
use outbox::Remember;
use store::StoreError;
use testkit::{Everybody, sealed};
use tickets::commands::create_ticket::CreateTicket;
use tickets::domain::{Edit, Ticket, TicketQuery, TicketTitle};
use tickets::http::query::parse;
use tickets::queries::list_tickets::ListTickets;
use tickets::showcase::Shown;
use tokio::task::JoinHandle;

use crate::holder_property::placed;
use crate::relaying::Relaying;
use crate::support::World;

/// How often the ticket changes.
const CHANGES: u32 = 300;

/// Who looks at the same time.
const LOOKERS: usize = 6;

/// Those that no order holds.
const FREE: &str = "filter=name=orderId,operator=eq,value=null";

fn newest() -> TicketQuery {
    parse("").unwrap().0
}

/// What guests are shown first.
async fn first_of(world: &World, query: &TicketQuery) -> Option<Arc<Shown>> {
    let list = ListTickets { caller: None, query: query.clone() };
    world.tickets.list_tickets(list).await.unwrap().tickets.into_iter().next()
}

fn price(of: u32) -> MajorUnits {
    MajorUnits::parse(&of.to_string()).unwrap()
}

async fn change(world: &World, permit: Permit<EditTicket>, price_of: u32) {
    let edit = Edit { price: Some(price(price_of)), ..Edit::default() };
    let changed = world.tickets.edit_ticket(permit, edit).await.unwrap();
    assert_eq!(changed.price, price(price_of).of(Currency::Eur));
}

/// Looks at the ticket alone and on pages, in turn; it is at least as new as what was told before,
/// and belongs where it is. Answers how often it was there.
async fn look(world: &World, id: TicketId, told: &AtomicU32, over: &AtomicBool) -> u32 {
    let cheap = price(CHANGES / 2).of(Currency::Eur).minor();
    let cheap_only = format!("filter=name=price,operator=lt,value={}", CHANGES / 2);
    let [newest, free, cheap_only] = ["", FREE, &cheap_only].map(|query| parse(query).unwrap().0);
    let mut looks = 0;
    // bounded: by those who change it
    for turn in 0.. {
        if over.load(Ordering::SeqCst) {
            break;
        }
        let before = told.load(Ordering::SeqCst);
        let shown = match turn % 4 {
            0 => Some(world.tickets.show_ticket(id).await.unwrap()),
            1 => Some(first_of(world, &newest).await.unwrap()),
            2 => first_of(world, &free).await.inspect(|it| assert!(it.ticket.held.is_none())),
            _ => {
                let is_cheap = |it: &Arc<Shown>| it.ticket.price.minor() < cheap;
                first_of(world, &cheap_only).await.inspect(|it| assert!(is_cheap(it)))
            }
        };
        let Some(shown) = shown else { continue };
        let version = shown.ticket.version.number();
        assert!(version >= before, "version {version} was shown after {before} was told");
        let json: serde_json::Value = serde_json::from_str(shown.json().unwrap()).unwrap();
        assert_eq!(json, serde_json::to_value(shown.ticket.public()).unwrap());
        looks += 1;
    }
    looks
}

/// Those who look at a ticket while it changes, and the last version that somebody was told.
struct Lookers {
    told: Arc<AtomicU32>,
    over: Arc<AtomicBool>,
    all: Vec<JoinHandle<u32>>,
}

impl Lookers {
    fn at(world: &Arc<World>, id: TicketId) -> Self {
        let (told, over) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
        let looker = |_| {
            let (world, told, over) = (Arc::clone(world), Arc::clone(&told), Arc::clone(&over));
            tokio::spawn(async move { look(&world, id, &told, &over).await })
        };
        let all = (0..LOOKERS).map(looker).collect();
        Self { told, over, all }
    }

    async fn end(self) {
        self.over.store(true, Ordering::SeqCst);
        for looker in self.all {
            assert!(looker.await.unwrap() > 0, "nobody looked");
        }
    }
}

async fn one_listed() -> (Arc<World>, Ticket) {
    let world = Arc::new(World::new().await);
    let title = TicketTitle::parse("Low, Duluth").unwrap();
    let listed = CreateTicket { title, price: price(0), description: None };
    let seller = UserId::generate();
    let ticket = world.tickets.create_ticket(seller, listed, Remember::NOTHING).await.unwrap();
    (world, ticket)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_sees_a_ticket_as_it_was_before_a_change_that_was_told() {
    let (world, ticket) = one_listed().await;
    let permit = permit::<EditTicket>(&Everybody, ticket.seller, ticket.id).await.unwrap();

    let relay = Relaying::of(&world);
    let lookers = Lookers::at(&world, ticket.id);
    for number in 1..=CHANGES {
        if number % 3 == 0 {
            // who asked goes away at some moment; the change may be stored all the same
            let changing = change(&world, permit, number);
            let _gone = tokio::time::timeout(Duration::from_micros(50), changing).await;
        }
        change(&world, permit, number).await;
        lookers.told.store(number, Ordering::SeqCst);
    }
    lookers.end().await;
    relay.end().await;
    let shown = world.tickets.show_ticket(ticket.id).await.unwrap();
    assert_eq!(shown.ticket.price, price(CHANGES).of(Currency::Eur));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_sees_a_ticket_as_it_was_before_an_order_took_or_freed_it() {
    let (world, ticket) = one_listed().await;
    let lookers = Lookers::at(&world, ticket.id);
    let free = parse(FREE).unwrap().0;
    for round in 0..CHANGES / 2 {
        let order = placed(OrderId::generate(), &ticket);
        let cancelled = Order {
            status: OrderStatus::Cancelled,
            version: order.version.next(),
            cancel_reason: Some(CancelReason::Buyer),
            ..order.clone()
        };
        let events = [sealed(OrderCreated(order)), sealed(OrderCancelled(cancelled))];
        for (number, is_free) in [(0, false), (1, true)] {
            world.deliver(&events, &[number]).await;
            lookers.told.store(2 * round + number as u32 + 1, Ordering::SeqCst);
            assert_eq!(first_of(&world, &free).await.is_some(), is_free);
        }
    }
    lookers.end().await;
}

async fn newest_of_guests(world: &World) -> Vec<TicketId> {
    let list = ListTickets { caller: None, query: newest() };
    let page = world.tickets.list_tickets(list).await.unwrap();
    page.tickets.iter().map(|shown| shown.ticket.id).collect()
}

/// Its seller still waits until others have heard, but whoever reads the row knows already.
#[tokio::test]
async fn guests_see_a_listing_and_a_withdrawal_as_soon_as_they_are_stored() {
    let world = Arc::new(World::new().await);
    assert!(newest_of_guests(&world).await.is_empty());
    let seller = UserId::generate();
    let title = TicketTitle::parse("Low, Duluth").unwrap();
    let listed = CreateTicket { title, price: price(9), description: None };
    let ticket = world.tickets.create_ticket(seller, listed, Remember::NOTHING).await.unwrap();
    assert_eq!(newest_of_guests(&world).await, [ticket.id]);
    assert_eq!(newest_of_guests(&world).await, [ticket.id], "from memory");

    let permit = permit::<EditTicket>(&Everybody, seller, ticket.id).await.unwrap();
    // no relay runs: nobody hears of it, and this waits as long as it may
    let withdrawing = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.tickets.withdraw_ticket(permit).await }
    });
    let journal = world.tickets.journal.clone();
    let gone = || async {
        let on_sale = "select id from tickets where status = 'approved'";
        let rows = journal.query(on_sale, []).await?;
        Ok::<_, StoreError>(rows.is_empty().then_some(()))
    };
    journal.wait_for(Duration::from_secs(30), gone).await.unwrap().unwrap();
    assert!(newest_of_guests(&world).await.is_empty());
    withdrawing.await.unwrap().unwrap();
    assert!(newest_of_guests(&world).await.is_empty());
}
