//! However the events of a ticket are delivered, what can be reserved is what the newest says.

use std::sync::Arc;

use events::{Envelope, Ticket, TicketCreated, TicketStatus, TicketUpdated};
use kernel::{Clock, Currency, Money, SystemClock, TicketId, UserId, Version};
use proptest::collection::vec;
use proptest::prelude::*;
use store::params;
use testkit::{cases, deliveries, runtime, sealed};

use crate::support::{World, ticket};

const LISTING: &str = "select seller_id, title, price, currency, status, version
     from listings where ticket_id = ?1";

/// What a seller makes of a ticket, first of all when it is listed.
#[derive(Debug, Clone)]
struct Edit {
    title: String,
    price_minor: i64,
    status: TicketStatus,
}

fn edits() -> impl Strategy<Value = Edit> {
    let status = prop::sample::select(TicketStatus::ALL);
    ("[a-z]{3,12}", 0..=99_999_999_i64, status).prop_map(|(title, price_minor, status)| Edit {
        title,
        price_minor,
        status,
    })
}

/// What tickets tells of a ticket with these edits.
fn told(listed: &Ticket, edits: &[Edit]) -> Vec<Arc<Envelope>> {
    let numbered = (0..).zip(edits);
    let told = numbered.map(|(version, edit)| {
        let ticket = Ticket {
            title: edit.title.clone(),
            price: Money::new(edit.price_minor, Currency::Eur).major(),
            status: edit.status,
            version: Version::new(version),
            ..listed.clone()
        };
        match version {
            0 => sealed(TicketCreated(ticket)),
            _ => sealed(TicketUpdated(ticket)),
        }
    });
    told.collect()
}

/// What this context knows of a ticket.
#[derive(Debug, PartialEq, Eq)]
struct Listing {
    seller: UserId,
    title: String,
    price_minor: i64,
    currency: String,
    status: String,
    version: Version,
}

impl Listing {
    /// What the last of these edits says.
    fn newest(listed: &Ticket, edits: &[Edit]) -> Self {
        let newest = edits.last().unwrap();
        Self {
            seller: listed.user_id,
            title: newest.title.clone(),
            price_minor: newest.price_minor,
            currency: "EUR".to_owned(),
            status: newest.status.as_str().to_owned(),
            version: Version::new(u32::try_from(edits.len()).unwrap() - 1),
        }
    }

    async fn find(world: &World, id: TicketId) -> Self {
        let rows = world.orders.journal.query(LISTING, params![id]).await.unwrap();
        let [row] = &rows[..] else { panic!("{} listings of one ticket", rows.len()) };
        Self {
            seller: row.get(0).unwrap(),
            title: row.get(1).unwrap(),
            price_minor: row.get(2).unwrap(),
            currency: row.get(3).unwrap(),
            status: row.get(4).unwrap(),
            version: row.get(5).unwrap(),
        }
    }
}

#[test]
fn the_newest_version_of_a_ticket_is_what_can_be_reserved() {
    let runtime = runtime();
    let world = runtime.block_on(World::new());
    let stories = vec(edits(), 1..=6).prop_flat_map(|edits| {
        let deliveries = deliveries(edits.len());
        (Just(edits), deliveries)
    });
    proptest!(cases(2_000), |((edits, deliveries) in stories)| {
        let listed = ticket(SystemClock.now());
        let known = runtime.block_on(async {
            world.deliver_all(&told(&listed, &edits), &deliveries).await;
            Listing::find(&world, listed.id).await
        });
        prop_assert_eq!(known, Listing::newest(&listed, &edits));
    });
}
