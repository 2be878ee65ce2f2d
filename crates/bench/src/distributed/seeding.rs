//! Tickets for the cluster: kept by the contexts' own functions, as `ticketing demo` does it, and
//! their owners told to auth by its API.

use std::sync::Arc;

use anyhow::Context;
use cluster::{Cluster, Role};
use kernel::{Currency, Decision, MajorUnits, Money, SystemClock, TicketId, UserId};
use orders::Orders;
use ory::ServiceKey;
use ory::http::KetoPermissions;
use ory::http::upstream::{Options, Upstream};
use outbox::Journal;
use testkit::Everybody;
use tickets::commands::seed_tickets::Draft;
use tickets::domain::{NewTicket, Ticket, TicketTitle};
use tickets::{ChangedBy, Showcase, Tickets};

use super::outboxes::connect;

/// Tickets kept together: as many as auth takes owners in one request.
const BATCH: usize = 1000;

/// Has `count` tickets for sale, of somebody who buys none; answers their ids.
pub(crate) async fn seed(cluster: &Cluster, count: usize) -> anyhow::Result<Vec<TicketId>> {
    let backends = &cluster.options().backends;
    let urls =
        (0..cluster.options().replicas).map(|number| cluster.service_url(Role::Auth, number));
    let auth = Upstream::new("auth", &urls.collect::<Vec<_>>(), Options::default())?;
    let key = ServiceKey::new(cluster.service_key())?;
    let clock = SystemClock::shared();
    let tickets = Tickets {
        journal: Journal::shared(connect(backends, "tickets", tickets::MIGRATIONS).await?),
        sessions: Arc::new(Everybody),
        permissions: Arc::new(KetoPermissions::new(Arc::new(auth), Some(key))),
        clock: Arc::clone(&clock),
        showcase: Showcase::new(ChangedBy::Others),
        currency: Currency::Eur,
    };
    let orders = Orders {
        journal: Journal::shared(connect(backends, "orders", orders::MIGRATIONS).await?),
        sessions: Arc::new(Everybody),
        permissions: Arc::new(Everybody),
        clock,
        expiration_window: std::time::Duration::from_secs(900),
    };
    let seller = UserId::generate();
    let mut ids = Vec::with_capacity(count);
    while ids.len() < count {
        let size = BATCH.min(count - ids.len());
        let drafts: Vec<_> =
            (0..size).map(|_| draft(&tickets, seller)).collect::<Result<_, _>>()?;
        orders.seed_listings(drafts.iter().map(|draft| draft.ticket.public()).collect()).await?;
        tickets.seed_tickets(&drafts).await.context("seed tickets")?;
        ids.extend(drafts.iter().map(|draft| draft.ticket.id));
    }
    Ok(ids)
}

fn draft(tickets: &Tickets, seller: UserId) -> anyhow::Result<Draft> {
    let price: Money = MajorUnits::parse("49.50")?.of(tickets.currency);
    let title = TicketTitle::parse("Northern Lanterns, Amsterdam, 2027-03-12")?;
    let new = NewTicket { title, description: None, price };
    let Decision { state, events: _untold } =
        Ticket::list(TicketId::generate(), seller, new, tickets.clock.now());
    Ok(Draft::of(state))
}
