//! Whatever happens to tickets, guests are shown what the database says.

use events::{CancelReason, Order, OrderCancelled, OrderCompleted, OrderCreated, OrderStatus};
use kernel::{MajorUnits, OrderId, UserId};
use ory::permit;
use ory::rights::EditTicket;
use outbox::Remember;
use proptest::collection::vec;
use proptest::prelude::*;
use testkit::{Everybody, cases, runtime, sealed};
use tickets::commands::create_ticket::CreateTicket;
use tickets::domain::query::{After, Key, SortField, TicketQuery};
use tickets::domain::{Edit, Ticket, TicketTitle};
use tickets::http::query::parse;
use tickets::queries::list_tickets::ListTickets;

use crate::holder_property::placed;
use crate::relaying::Relaying;
use crate::support::World;

/// Pages that guests look at, a few tickets long, so that tickets come and go.
const PAGES: &[&str] = &[
    "limit=3",
    "limit=3&skip=2",
    "limit=3&sort=field=price,order=1",
    "limit=3&filter=name=price,operator=lt,value=3",
    "limit=3&filter=name=orderId,operator=eq,value=null",
    "limit=3&filter=name=orderId,operator=eq,value=null&skip=2",
    "limit=3&filter=name=orderId,operator=eq,value=null&sort=field=price,order=1",
    "limit=3&filter=name=status,operator=eq,value=approved",
];

/// What happens; a ticket is meant by its number, and an order is the last one of its ticket.
#[derive(Debug, Clone, Copy)]
enum Step {
    List { price: u8 },
    Edit { ticket: usize, price: u8 },
    Withdraw { ticket: usize },
    Reserve { ticket: usize },
    Cancel { ticket: usize },
    Sell { ticket: usize },
}

fn steps() -> impl Strategy<Value = Step> {
    let ticket = || 0..8_usize;
    let price = || 1..6_u8;
    prop_oneof![
        2 => price().prop_map(|price| Step::List { price }),
        2 => (ticket(), price()).prop_map(|(ticket, price)| Step::Edit { ticket, price }),
        1 => ticket().prop_map(|ticket| Step::Withdraw { ticket }),
        6 => ticket().prop_map(|ticket| Step::Reserve { ticket }),
        4 => ticket().prop_map(|ticket| Step::Cancel { ticket }),
        1 => ticket().prop_map(|ticket| Step::Sell { ticket }),
    ]
}

/// A ticket, and the last order that was told of.
struct Listed {
    ticket: Ticket,
    order: Option<Order>,
}

struct Story {
    world: World,
    seller: UserId,
    listed: Vec<Listed>,
}

impl Story {
    async fn take(&mut self, step: Step) {
        let count = self.listed.len();
        match step {
            Step::List { price } => self.list(price).await,
            _ if count == 0 => {}
            Step::Edit { ticket, price } => self.edit(ticket % count, Some(price)).await,
            Step::Withdraw { ticket } => self.edit(ticket % count, None).await,
            Step::Reserve { ticket } => {
                let listed = &mut self.listed[ticket % count];
                let order = placed(OrderId::generate(), &listed.ticket);
                listed.order = Some(order.clone());
                self.world.deliver(&[sealed(OrderCreated(order))], &[0]).await;
            }
            Step::Cancel { ticket } => self.end(ticket % count, OrderStatus::Cancelled).await,
            Step::Sell { ticket } => self.end(ticket % count, OrderStatus::Complete).await,
        }
    }

    async fn list(&mut self, price: u8) {
        let title = TicketTitle::parse("Low, Duluth").unwrap();
        let command = CreateTicket { title, price: price_of(price), description: None };
        let tickets = &self.world.tickets;
        let ticket = tickets.create_ticket(self.seller, command, Remember::NOTHING).await.unwrap();
        self.listed.push(Listed { ticket, order: None });
    }

    /// A new price, or none: it is withdrawn. One that is held stays as it is.
    async fn edit(&self, ticket: usize, price: Option<u8>) {
        let id = self.listed[ticket].ticket.id;
        let permit = permit::<EditTicket>(&Everybody, self.seller, id).await.unwrap();
        let tickets = &self.world.tickets;
        let _refused = match price {
            Some(price) => {
                let edit = Edit { price: Some(price_of(price)), ..Edit::default() };
                tickets.edit_ticket(permit, edit).await
            }
            None => tickets.withdraw_ticket(permit).await,
        };
    }

    async fn end(&mut self, ticket: usize, status: OrderStatus) {
        let Some(order) = self.listed[ticket].order.take() else { return };
        let version = order.version.next();
        let event = if status == OrderStatus::Complete {
            sealed(OrderCompleted(Order { status, version, ..order }))
        } else {
            let cancel_reason = Some(CancelReason::Buyer);
            sealed(OrderCancelled(Order { status, version, cancel_reason, ..order }))
        };
        self.world.deliver(&[event], &[0]).await;
    }

    /// Looks at these pages, each as who has looked before, and as who hasn't.
    async fn look(&self, pages: u8) {
        let strangers = World::over(self.world.tickets.journal.clone());
        let queries = PAGES.iter().enumerate().filter(|(page, _)| pages & (1 << page) != 0);
        let queries = queries.flat_map(|(_, page)| self.begun_everywhere(parse(page).unwrap().0));
        let of_orders =
            self.listed.iter().filter_map(|listed| listed.order.as_ref()).map(|order| {
                parse(&format!("filter=name=orderId,operator=eq,value={}", order.id)).unwrap().0
            });
        for query in queries.chain(of_orders) {
            let shown = page_of(&self.world, &query).await;
            assert_eq!(shown, page_of(&strangers, &query).await, "{query:?}");
        }
    }

    /// The page from the beginning, and from some of the tickets on.
    fn begun_everywhere(&self, query: TicketQuery) -> Vec<TicketQuery> {
        let after = |listed: &Listed| {
            let key = match query.sort.field {
                SortField::Price => Some(Key::Minor(listed.ticket.price.minor())),
                _ => None,
            };
            let after = Some(After { key, id: listed.ticket.id });
            TicketQuery { after, ..query.clone() }
        };
        let others = self.listed.iter().step_by(3).map(after).collect::<Vec<_>>();
        [vec![query], others].concat()
    }
}

fn price_of(number: u8) -> MajorUnits {
    MajorUnits::parse(&number.to_string()).unwrap()
}

/// What guests are shown, and whether there is more.
async fn page_of(world: &World, query: &TicketQuery) -> (Vec<String>, bool) {
    let list = ListTickets { caller: None, query: query.clone() };
    let page = world.tickets.list_tickets(list).await.unwrap();
    let json = page.tickets.iter().map(|shown| shown.json().unwrap().to_owned());
    (json.collect(), page.has_more)
}

#[test]
fn guests_are_shown_what_the_database_says() {
    let runtime = runtime();
    // what is looked at between the steps differs, so that pages are of different age
    let stories = vec((steps(), any::<u8>()), 1..40);
    proptest!(cases(100), |(steps in stories)| {
        runtime.block_on(async {
            let mut story =
                Story { world: World::new().await, seller: UserId::generate(), listed: vec![] };
            let relay = Relaying::of(&story.world);
            for (step, looks) in steps {
                story.take(step).await;
                story.look(looks).await;
            }
            story.look(u8::MAX).await;
            relay.end().await;
        });
    });
}
