//! Tickets are ordered, each by one client alone: signed in, permission-checked, durable.

use anyhow::Context;
use bench::results::{Aim, Case, Unit};
use futures_util::FutureExt;

use super::{CLIENTS, Scenario, clients_text};
use crate::exchange::Exchange;
use crate::load::{Answer, Connection, Load, Pace};
use crate::sheet::{Sheet, ratio};
use crate::stage::{ORDERS, Stage, Supply};
use crate::yardstick::bare::Bare;
use crate::yardstick::commits;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "orders",
    title: "POST orders for distinct tickets",
    sets: |scale| vec![scale.large],
    steps: |scale| CLIENTS.len() * scale.rounds,
    run: |stage| run(stage).boxed_local(),
};

/// Where they are also compared with the store's own commits.
const BESIDE_S: [usize; 2] = [1, 256];

/// Before the first round, as many orders as this number of clients place in one.
const WARMED_AS: usize = 1;

const OF_H: (usize, Aim) = (256, Aim::AtLeast(0.15));

/// An order takes so many durable commits' time at most.
const COMMITS: (usize, Aim) = (1, Aim::AtMost(2.0));

async fn run(stage: &Stage) -> anyhow::Result<Vec<Case>> {
    let exchange = stage.sets().open_copy(stage.scale.large)?;
    let orders: usize = CLIENTS.iter().map(|clients| stage.scale.orders(*clients)).sum();
    let warming = stage.scale.orders(WARMED_AS);
    let mut supply = stage.supply(&exchange, orders * stage.scale.rounds + warming + 1)?;
    stage.warm(&exchange, &mut supply, warming).await?;
    let bare = Bare::like(&place_one(stage, &exchange, &mut supply).await?, ORDERS)?;
    let mut cases = Vec::new();
    for clients in CLIENTS {
        let text = clients_text(clients);
        let mut sheet = Sheet::default();
        for _ in stage.rounds(&format!("orders, {text}")) {
            let tickets = supply.take(stage.scale.orders(clients))?;
            let load = load(stage, clients, &tickets)?;
            let h = Load { pace: Pace::For(stage.scale.time), ..load.clone() };
            let h = h.on(bare.address).await?;
            exchange.drain().await?;
            let placed = load.on(exchange.address).await?;
            let drain = exchange.drain().await?;
            sheet.beside_h("orders", &placed, &h);
            if BESIDE_S.contains(&clients) {
                let folder = stage.sets().new_folder()?;
                let s = commits::measure(folder.path(), clients, tickets.len()).await?;
                sheet.add("S", Unit::PerSecond, s.per_second);
                sheet.add("S p50", Unit::Milliseconds, s.p50);
                sheet.add("S p99", Unit::Milliseconds, s.p99);
                let times = ratio(s.per_second, placed.per_second());
                sheet.add("times S", Unit::Ratio, times);
            }
            sheet.drain(drain);
        }
        for (aim, name) in [(OF_H, "of H"), (COMMITS, "times S")] {
            if aim.0 == clients {
                sheet.aim(name, aim.1);
            }
        }
        cases.push(sheet.case(text));
    }
    Ok(cases)
}

/// Each of `tickets` is ordered once, by `clients` people.
pub(super) fn load(stage: &Stage, clients: usize, tickets: &[String]) -> anyhow::Result<Load> {
    let requests = stage.order_requests(tickets, clients)?.into();
    Ok(Load { clients, requests, expects: 201, pace: Pace::Once })
}

/// What the exchange answers to an order.
pub(super) async fn place_one(
    stage: &Stage,
    exchange: &Exchange,
    supply: &mut Supply,
) -> anyhow::Result<Answer> {
    let requests = stage.order_requests(&supply.take(1)?, 1)?;
    let request = requests.first().context("an order")?;
    Connection::open(exchange.address).await?.ask(request, 201).await
}
