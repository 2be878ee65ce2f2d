//! Tickets that are looked at while they change: whoever was told of a change, and whoever looks
//! after that, sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bus::{Bus, PublishError};
use events::Envelope;
use kernel::{Currency, MajorUnits, SystemClock, TicketId, UserId};
use ory::rights::EditTicket;
use ory::{Permit, permit};
use outbox::{Relay, RelayOptions, Remember};
use store::StoreError;
use testkit::Everybody;
use tickets::commands::create_ticket::CreateTicket;
use tickets::domain::{Edit, TicketQuery, TicketTitle};
use tickets::http::query::parse;
use tickets::queries::list_tickets::ListTickets;
use tickets::showcase::Shown;
use tokio_util::sync::CancellationToken;

use crate::support::World;

/// How often the ticket changes.
const CHANGES: u32 = 300;

/// Who looks at the same time.
const LOOKERS: usize = 6;

/// Nobody hears of anything.
struct Silence;

#[async_trait]
impl Bus for Silence {
    async fn publish(&self, _envelope: Arc<Envelope>) -> Result<(), PublishError> {
        Ok(())
    }
}

fn newest() -> TicketQuery {
    parse("").unwrap().0
}

fn price(of: u32) -> MajorUnits {
    MajorUnits::parse(&of.to_string()).unwrap()
}

async fn change(world: &World, permit: Permit<EditTicket>, price_of: u32) {
    let edit = Edit { price: Some(price(price_of)), ..Edit::default() };
    let changed = world.tickets.edit_ticket(permit, edit).await.unwrap();
    assert_eq!(changed.price, price(price_of).of(Currency::Eur));
}

/// Looks at the ticket alone and on a page, in turn; each is at least as new as what was told
/// before. Answers how often it looked.
async fn look(world: &World, id: TicketId, told: &AtomicU32, over: &AtomicBool) -> u32 {
    let mut looks = 0;
    while !over.load(Ordering::SeqCst) {
        let before = told.load(Ordering::SeqCst);
        let shown: Arc<Shown> = if looks % 2 == 0 {
            world.tickets.show_ticket(id).await.unwrap()
        } else {
            let list = ListTickets { caller: None, query: newest() };
            let mut page = world.tickets.list_tickets(list).await.unwrap();
            page.tickets.pop().unwrap()
        };
        let minor = shown.ticket.price.minor();
        assert!(minor >= i64::from(before) * 100, "{minor} was shown after {before} was told");
        let json: serde_json::Value = serde_json::from_str(shown.json().unwrap()).unwrap();
        assert_eq!(json["price"].as_f64(), Some(minor as f64 / 100.0));
        looks += 1;
    }
    looks
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_sees_a_ticket_as_it_was_before_a_change_that_was_told() {
    let world = Arc::new(World::new().await);
    let seller = UserId::generate();
    let title = TicketTitle::parse("Low, Duluth").unwrap();
    let listed = CreateTicket { title, price: price(0), description: None };
    let ticket = world.tickets.create_ticket(seller, listed, Remember::NOTHING).await.unwrap();
    let permit = permit::<EditTicket>(&Everybody, seller, ticket.id).await.unwrap();

    let stop = CancellationToken::new();
    let journal = world.tickets.journal.clone();
    let relay =
        Relay::new(journal, Arc::new(Silence), SystemClock::shared(), RelayOptions::default());
    let relay = tokio::spawn(relay.run(stop.clone()));

    let (told, over) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let looker = |_| {
        let (world, told, over) = (Arc::clone(&world), Arc::clone(&told), Arc::clone(&over));
        tokio::spawn(async move { look(&world, ticket.id, &told, &over).await })
    };
    let lookers: Vec<_> = (0..LOOKERS).map(looker).collect();
    for number in 1..=CHANGES {
        if number % 3 == 0 {
            // who asked goes away at some moment; the change may be stored all the same
            let changing = change(&world, permit, number);
            let _gone = tokio::time::timeout(Duration::from_micros(50), changing).await;
        }
        change(&world, permit, number).await;
        told.store(number, Ordering::SeqCst);
    }
    over.store(true, Ordering::SeqCst);
    for looker in lookers {
        assert!(looker.await.unwrap() > 0, "nobody looked");
    }
    stop.cancel();
    relay.await.unwrap();
    let shown = world.tickets.show_ticket(ticket.id).await.unwrap();
    assert_eq!(shown.ticket.price, price(CHANGES).of(Currency::Eur));
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
