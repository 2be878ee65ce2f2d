//! Everybody orders one ticket, which somebody else has already.

use bench::results::{Aim, Case};
use futures_util::FutureExt;

use super::{Scenario, clients_text};
use crate::load::{Connection, Load, Pace};
use crate::sets::PEOPLE;
use crate::sheet::Sheet;
use crate::stage::{ORDERS, Stage, order};
use crate::yardstick::bare::Bare;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "losers",
    title: "POST orders for one ticket that is taken",
    sets: |scale| vec![scale.large],
    steps: |scale| CLIENTS.len() * scale.rounds,
    run: |stage| run(stage).boxed_local(),
};

const CLIENTS: [usize; 3] = [16, 64, 256];

/// What the aims are for.
const AIMED_AT: usize = 256;
const OF_H: Aim = Aim::AtLeast(0.35);
/// In milliseconds.
const P99: Aim = Aim::AtMost(100.0);

async fn run(stage: &Stage) -> anyhow::Result<Vec<Case>> {
    let exchange = stage.sets().open_copy(stage.scale.large)?;
    let [ticket] = &stage.supply(&exchange, 1)?.take(1)?[..] else {
        anyhow::bail!("there is no ticket");
    };
    let mut connection = Connection::open(exchange.address).await?;
    connection.ask(&order(stage.token(0), ticket)?, 201).await?;
    let losers = (1..PEOPLE).map(|number| order(stage.token(number), ticket));
    let mut load = Load {
        clients: 0,
        requests: losers.collect::<Result<_, _>>()?,
        expects: 400,
        pace: Pace::For(stage.scale.time),
    };
    exchange.drain().await?;
    let refusal = connection.ask(&load.requests[0], load.expects).await?;
    let bare = Bare::like(&refusal, ORDERS)?;
    let mut cases = Vec::new();
    for clients in CLIENTS {
        load.clients = clients;
        let text = clients_text(clients);
        let mut sheet = Sheet::default();
        for _ in stage.rounds(&format!("orders that come too late, {text}")) {
            let h = load.on(bare.address).await?;
            sheet.beside_h("refusals", &load.on(exchange.address).await?, &h);
        }
        if clients == AIMED_AT {
            sheet.aim("of H", OF_H);
            sheet.aim("p99", P99);
        }
        cases.push(sheet.case(text));
    }
    Ok(cases)
}
