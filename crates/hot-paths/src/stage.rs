//! What the paths lead through: an exchange with three people and some thousands of tickets. It is
//! made once ([`prepare`]), and opened in a copy of its own for each path.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Parser;
use config::{Arguments, Settings};
use events::Order;
use kernel::{MajorUnits, TicketId, UserId};
use outbox::Changeset;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use server::InProcess;
use tickets::commands::seed_tickets::Draft;
use tickets::domain::{Description, NewTicket, Ticket, TicketTitle};
use tokio::sync::watch;

use crate::client::Ask;
use crate::path::{self, Deed};

/// The file beside the databases that says what is in them.
const PROPS: &str = "props.json";

const SELLER: &str = "seller@example.test";
const BUYER: &str = "buyer@example.test";
const LOSER: &str = "loser@example.test";
const PASSWORD: &str = "a long and boring password 7";

/// Tickets for sale.
const TICKETS: usize = 5000;

/// Tickets that paths may use one by one.
const FREE: usize = 500;

/// Events that are told before anything is counted: all databases have written by then, and every
/// task in the background has come to rest.
const REHEARSALS: usize = 4;

/// Longer than batches wait for each other.
const BETWEEN: Duration = Duration::from_millis(6);

/// Who and what is there.
#[derive(Serialize, Deserialize)]
pub(crate) struct Props {
    pub(crate) seller: UserId,
    /// The session of who buys.
    pub(crate) buyer_token: String,
    /// The session of who comes too late.
    pub(crate) loser_token: String,
    /// The buyer has reserved one of the seller's tickets.
    pub(crate) order: Order,
    /// Tickets of the seller that nobody has reserved.
    free: Vec<TicketId>,
}

/// An exchange at work, and what is in it.
pub(crate) struct Stage {
    exchange: InProcess,
    /// No timer says when to clear the outbox.
    _hurry: Vec<watch::Receiver<u64>>,
    pub(crate) props: Props,
}

/// Makes the folder `data` with everything that the paths need.
pub(crate) async fn prepare(data: &Path) -> anyhow::Result<()> {
    let exchange = InProcess::start(&settings(data)?).await?;
    let emails = [SELLER, BUYER, LOSER].map(str::to_owned).to_vec();
    let people = exchange.auth.seed_users(emails, PASSWORD).await?;
    let (seller, _) = people.first().context("nobody signed up")?;
    let mut tickets = list_tickets(&exchange, *seller).await?.into_iter();
    let (buyer_token, loser_token) =
        (sign_in(&exchange, BUYER).await?, sign_in(&exchange, LOSER).await?);
    let body = json!({ "ticketId": tickets.next() });
    let _hurry = exchange.hurry();
    let order = Ask::post("/api/orders", &buyer_token, &body, 201)?.of(&exchange.router).await?;
    let order = serde_json::from_slice(&order).context("an order")?;
    exchange.settle().await?;
    let free = tickets.take(FREE).collect();
    let props = Props { seller: *seller, buyer_token, loser_token, order, free };
    std::fs::write(data.join(PROPS), serde_json::to_vec(&props)?).context(PROPS)?;
    exchange.end().await;
    Ok(())
}

impl Stage {
    /// Opens what [`prepare`] has made in `data`, and waits until all that begins then has begun.
    pub(crate) async fn open(data: &Path) -> anyhow::Result<Self> {
        let props = std::fs::read(data.join(PROPS)).context(PROPS)?;
        let props = serde_json::from_slice(&props).context(PROPS)?;
        let exchange = InProcess::start(&settings(data)?).await?;
        let stage = Self { _hurry: exchange.hurry(), exchange, props };
        for _ in 0..REHEARSALS {
            stage.perform(path::told(&stage)).await?;
            tokio::task::yield_now().await;
        }
        Ok(stage)
    }

    /// The `number`th ticket that nobody has reserved.
    pub(crate) fn free(&self, number: usize) -> anyhow::Result<TicketId> {
        self.props.free.get(number).copied().context("there are too few tickets for this path")
    }

    /// Does `deed`, and waits until everything is done that belongs to it. Then a little time goes
    /// by, so that what the next one causes waits for nobody's company.
    pub(crate) async fn perform(&self, deed: Deed) -> anyhow::Result<()> {
        let exchange = &self.exchange;
        match deed {
            Deed::Ask(ask) => drop(ask.of(&exchange.router).await?),
            Deed::Cause(ask) => {
                ask.of(&exchange.router).await?;
                exchange.settle().await?;
            }
            Deed::Tell(event) => {
                let at = exchange.orders.clock.now();
                let told = Changeset::new(at, Vec::new(), vec![*event]);
                let _committed = exchange.orders.journal.commit(told).await?;
                exchange.settle().await?;
            }
            Deed::Check(query) => {
                ensure!(exchange.orders.permissions.check(&query).await?, "no right: {query}");
            }
            Deed::Parse(text) => drop(tickets::http::query::parse(text)?),
        }
        tokio::time::advance(BETWEEN).await;
        Ok(())
    }

    /// Closes the databases.
    pub(crate) async fn end(self) {
        self.exchange.end().await;
    }
}

/// The program's own settings, but for the limit on how often somebody may ask. Passwords are
/// hashed only while the stage is prepared.
fn settings(data: &Path) -> anyhow::Result<Settings> {
    let data = data.to_str().context("the folder's name is not UTF-8")?;
    let words = ["ticketing", "--data", data, "--rate-limit-enabled", "false"];
    Ok(Arguments::try_parse_from(words)?.settings)
}

/// Lists the tickets; they and their order are always the same.
async fn list_tickets(exchange: &InProcess, seller: UserId) -> anyhow::Result<Vec<TicketId>> {
    const KINDS: [&str; 7] = ["Velvet", "Paper", "Lunar", "Golden", "Quiet", "Broken", "Idle"];
    const THINGS: [&str; 5] = ["Lanterns", "Harbour", "Foxes", "Mirrors", "Choir"];
    const CITIES: [&str; 3] = ["Köln", "Lisbon", "Oslo"];
    let at = exchange.tickets.clock.now();
    let draft = |number: usize| {
        let (kind, thing) = (KINDS[number % KINDS.len()], THINGS[number % THINGS.len()]);
        let (city, row) = (CITIES[number % CITIES.len()], number % 40);
        let title = format!("{kind} {thing}, {city}, 2027-05-{:02}", row % 28 + 1);
        let price = MajorUnits::parse(&format!("{}.50", 12 + number % 80))?;
        let new = NewTicket {
            title: TicketTitle::parse(&title)?,
            description: Some(Description::parse(&format!("{city}. Stalls, row {row}."))?),
            price: price.of(exchange.tickets.currency),
        };
        anyhow::Ok(Draft::of(Ticket::list(ticket_id(number as u64)?, seller, new, at).state))
    };
    let drafts = (0..TICKETS).map(draft).collect::<anyhow::Result<Vec<_>>>()?;
    let listings = drafts.iter().map(|draft| draft.ticket.public()).collect();
    exchange.orders.seed_listings(listings).await?;
    exchange.tickets.seed_tickets(&drafts).await?;
    Ok(drafts.iter().map(|draft| draft.ticket.id).collect())
}

/// A UUIDv7 of a moment of its own for each ticket. Where an index keeps a ticket, and how many
/// bytes that takes, is made from it.
fn ticket_id(number: u64) -> anyhow::Result<TicketId> {
    const FIRST: u64 = 0x0199_0000_0000;
    const MILLIS_BETWEEN: u64 = 97;
    let at = FIRST + number * MILLIS_BETWEEN;
    let (high, low) = (at >> 16, at & 0xffff);
    Ok(TicketId::parse(&format!("{high:08x}-{low:04x}-7000-8000-{number:012x}"))?)
}

/// The token of a new session.
async fn sign_in(exchange: &InProcess, email: &str) -> anyhow::Result<String> {
    let flow = Ask::get("/self-service/login/api", "")?.of(&exchange.router).await?;
    let flow: Value = serde_json::from_slice(&flow).context("a flow")?;
    let id = flow["id"].as_str().context("a flow without an id")?;
    let form = json!({ "method": "password", "identifier": email, "password": PASSWORD });
    let path = format!("/self-service/login?flow={id}");
    let session = Ask::post(&path, "", &form, 200)?.of(&exchange.router).await?;
    let session: Value = serde_json::from_slice(&session).context("a session")?;
    Ok(session["session_token"].as_str().context("a session without a token")?.to_owned())
}
