//! How soon a ticket is shown as reserved, once its order was answered with 201, while others order
//! half as much as the exchange takes: tickets hears of it through the broker.

use std::time::Duration;

use bench::results::{Aim, Case, Unit};
use futures_util::FutureExt;

use super::Scenario;
use crate::distributed::stage::Stage;
use crate::load::{Pace, schedule};
use crate::scenario::reserved::{WATCHERS, watched};
use crate::sheet::{Sheet, median};
use crate::stage::{look, order};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "reserved",
    title: "From an order's 201 to its ticket shown as reserved, through nginx",
    tickets: |scale| scale.rounds * (2 * scale.orders + scale.orders / WATCHED),
    steps: |scale| 2 * scale.rounds,
    run: |stage| run(stage).boxed_local(),
};

const CLIENTS: usize = 64;

/// The share of the most orders a second that come in while it is measured.
const SHARE: f64 = 0.5;

/// For each order of the others, so many of the watchers, at most.
const WATCHED: usize = 8;

/// How often the watchers look. Each look goes through nginx and costs as much as a tenth of an
/// order: looking every millisecond was half of the load.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// In milliseconds.
const P99: Aim = Aim::AtMost(250.0);

async fn run(stage: &Stage) -> anyhow::Result<Vec<Case>> {
    let count = stage.scale.orders;
    let mut most = Vec::new();
    for _ in stage.rounds("orders, as many as it takes") {
        let load = stage.load(CLIENTS, count, Pace::Once)?;
        most.push(load.on(stage.address).await?.per_second());
        let _time = stage.outboxes.drain().await?;
    }
    let rate = median(most) * SHARE;
    let mut sheet = Sheet::default();
    for round in stage.rounds(&format!("{rate:.0} orders a second, and those who watch")) {
        let moments = schedule::arrivals(rate, count, round as u64);
        let load = stage.load(CLIENTS, count, Pace::At(moments))?;
        let tickets = stage.take(count / WATCHED)?;
        let asked = tickets.iter().enumerate().map(|(number, ticket)| {
            anyhow::Ok((order(stage.token(number % WATCHERS), ticket)?, look(ticket)?))
        });
        let asked: Vec<_> = asked.collect::<Result<_, _>>()?;
        let (placed, shown) = watched(stage.address, &load, asked, LOOK_EVERY).await?;
        let _time = stage.outboxes.drain().await?;
        sheet.times(&shown);
        sheet.add("orders", Unit::PerSecond, placed.per_second());
        sheet.add("orders' p99", Unit::Milliseconds, placed.quantile(0.99));
    }
    sheet.aim("p99", P99);
    Ok(vec![sheet.case(format!("{:.0} % of the most orders a second", SHARE * 100.0))])
}
