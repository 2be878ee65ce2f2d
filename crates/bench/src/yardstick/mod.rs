//! What the exchange is measured against, each in a process of its own, as the exchange is.

use std::sync::Arc;
use std::time::Duration;

use events::TicketStatus;
use kernel::{Clock, Currency, MajorUnits, SystemClock, TicketId, UserId, Version};
use orders::Orders;
use outbox::Journal;
use testkit::Everybody;

pub(crate) mod bare;
pub(crate) mod commits;
pub(crate) mod pgbench;

/// Listings kept in one commit while it gets ready.
const BATCH: usize = 1000;

/// How long a buyer would have to pay.
const WINDOW: Duration = Duration::from_secs(900);

/// Orders over this database, for everybody.
fn orders_over(journal: Journal) -> Orders {
    Orders {
        journal,
        sessions: Arc::new(Everybody),
        permissions: Arc::new(Everybody),
        clock: SystemClock::shared(),
        expiration_window: WINDOW,
    }
}

/// Keeps these listings.
async fn seed(orders: &Orders, tickets: &[events::Ticket]) -> anyhow::Result<()> {
    for batch in tickets.chunks(BATCH) {
        orders.seed_listings(batch.to_vec()).await?;
    }
    Ok(())
}

/// A ticket like any other.
fn ticket(clock: &dyn Clock) -> anyhow::Result<events::Ticket> {
    let now = clock.now();
    Ok(events::Ticket {
        id: TicketId::generate(),
        title: "Northern Lanterns, Amsterdam, 2027-03-12".to_owned(),
        description: None,
        price: MajorUnits::parse("49.50")?,
        currency: Currency::Eur,
        version: Version::INITIAL,
        user_id: UserId::generate(),
        status: TicketStatus::Approved,
        order_id: None,
        reserved_until: None,
        created_at: now,
        updated_at: now,
    })
}
