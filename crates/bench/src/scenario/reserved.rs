//! How soon a ticket is shown as reserved, once its order was answered with 201: tickets hears of
//! it by an event. Meanwhile others order as much as the exchange takes well.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::ensure;
use bench::results::{Aim, Case, Unit};
use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::{Scenario, orders};
use crate::load::{Answer, Connection, Load, Measured, Notes, Pace, Request, gather, schedule};
use crate::sheet::{Sheet, median};
use crate::stage::{Stage, look, order};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "reserved",
    title: "From an order's 201 to its ticket shown as reserved",
    sets: |scale| vec![scale.large],
    steps: |scale| 2 * scale.rounds,
    run: |stage| run(stage).boxed_local(),
};

const CLIENTS: usize = 256;

/// The share of the most orders a second that come in while it is measured.
const SHARE: f64 = 0.7;

/// Those who order a ticket and look at it; their own load is small beside the others'.
pub(crate) const WATCHERS: usize = 4;

/// For each order of the others, so many of the watchers, at most.
const WATCHED: usize = 8;

/// How often they look.
const LOOK_EVERY: Duration = Duration::from_millis(1);

const SHOWN_MAX: Duration = Duration::from_secs(30);

/// In milliseconds.
const P99: Aim = Aim::AtMost(50.0);

async fn run(stage: &Stage) -> anyhow::Result<Vec<Case>> {
    let exchange = stage.sets().open_copy(stage.scale.large)?;
    let (rounds, count) = (stage.scale.rounds, stage.scale.orders(CLIENTS));
    let mut supply = stage.supply(&exchange, rounds * (2 * count + count / WATCHED))?;
    let mut most = Vec::new();
    for _ in stage.rounds("orders, as many as it takes") {
        let load = orders::load(stage, CLIENTS, &supply.take(count)?)?;
        most.push(load.on(exchange.address).await?.per_second());
        exchange.drain().await?;
    }
    let rate = median(most) * SHARE;
    let mut sheet = Sheet::default();
    for round in stage.rounds(&format!("{rate:.0} orders a second, and those who watch")) {
        let tickets = supply.take(count)?;
        let pace = Pace::At(schedule::arrivals(rate, count, round as u64));
        let load = Load { pace, ..orders::load(stage, CLIENTS, &tickets)? };
        let tickets = supply.take(count / WATCHED)?;
        let asked = tickets.iter().enumerate().map(|(number, ticket)| {
            anyhow::Ok((order(stage.token(number % WATCHERS), ticket)?, look(ticket)?))
        });
        let asked: Vec<_> = asked.collect::<Result<_, _>>()?;
        let (placed, shown) = watched(exchange.address, &load, asked, LOOK_EVERY).await?;
        exchange.drain().await?;
        sheet.times(&shown);
        sheet.add("orders", Unit::PerSecond, placed.per_second());
        sheet.add("orders' p99", Unit::Milliseconds, placed.quantile(0.99));
    }
    sheet.aim("p99", P99);
    Ok(vec![sheet.case(format!("{:.0} % of the most orders a second", SHARE * 100.0))])
}

/// What others' orders took, and how soon the tickets that the watchers ordered (`asked`: the order
/// and the look at it) were shown as reserved. They look every `look_every`; so much is found late.
pub(crate) async fn watched(
    address: SocketAddr,
    load: &Load,
    asked: Vec<(Request, Request)>,
    look_every: Duration,
) -> anyhow::Result<(Measured, Measured)> {
    let ended = Arc::new(AtomicBool::new(false));
    let started = Instant::now();
    let mut each: [Vec<_>; WATCHERS] = Default::default();
    for (number, asked) in asked.into_iter().enumerate() {
        each[number % WATCHERS].push(asked);
    }
    let mut watchers = JoinSet::new();
    for asked in each {
        watchers.spawn(watch(address, asked, look_every, Arc::clone(&ended)));
    }
    let placed = load.on(address).await;
    ended.store(true, Ordering::Relaxed);
    let shown = gather(watchers).await?;
    Ok((placed?, Measured::since(started, &shown)?))
}

/// Orders one ticket after the other, and looks at each until it is shown as reserved.
async fn watch(
    address: SocketAddr,
    asked: Vec<(Request, Request)>,
    look_every: Duration,
    ended: Arc<AtomicBool>,
) -> anyhow::Result<Notes> {
    let mut connection = Connection::open(address).await?;
    let mut notes = Notes::default();
    for (order, look) in asked {
        if ended.load(Ordering::Relaxed) {
            break;
        }
        connection.ask(&order, 201).await?;
        let since = Instant::now();
        while !is_reserved(&connection.ask(&look, 200).await?) {
            ensure!(since.elapsed() < SHOWN_MAX, "{} is not shown as reserved", look.uri());
            sleep_until(Instant::now() + look_every).await;
        }
        notes.done(since);
    }
    Ok(notes)
}

/// A free ticket has no order.
fn is_reserved(ticket: &Answer) -> bool {
    std::str::from_utf8(ticket.body()).is_ok_and(|body| body.contains("\"orderId\""))
}
