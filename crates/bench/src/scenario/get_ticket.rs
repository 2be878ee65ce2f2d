//! One ticket is read, another one each time, from all over a large exchange.

use bench::results::{Aim, Case};
use futures_util::FutureExt;

use super::{CLIENTS, Scenario, clients_text};
use crate::load::{Load, Pace};
use crate::sheet::Sheet;
use crate::stage::{Stage, look};
use crate::yardstick::bare::Bare;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "get-ticket",
    title: "GET one ticket",
    sets: |scale| vec![scale.large],
    steps: |scale| READERS.len() * scale.rounds,
    run: |stage| run(stage).boxed_local(),
};

/// Fewer than this tell nothing of load.
const READERS: &[usize] = CLIENTS.split_at(1).1;

/// Tickets that are read in turn.
const TICKETS: usize = 20_000;

const OF_H: Aim = Aim::AtLeast(0.6);

async fn run(stage: &Stage) -> anyhow::Result<Vec<Case>> {
    let exchange = stage.sets().open(stage.scale.large)?;
    let tickets = exchange.tickets(TICKETS.min(stage.scale.large as usize))?;
    let requests = tickets.iter().map(|ticket| look(&ticket.id));
    let mut load = Load {
        clients: 0,
        requests: requests.collect::<Result<_, _>>()?,
        expects: 200,
        pace: Pace::For(stage.scale.time),
    };
    let answer = exchange.get(&format!("/api/tickets/{}", tickets[0].id)).await?;
    let bare = Bare::like(&answer, "/api/tickets/{id}")?;
    let mut cases = Vec::new();
    for clients in READERS {
        load.clients = *clients;
        let text = clients_text(*clients);
        let mut sheet = Sheet::default();
        for _ in stage.rounds(&format!("GET one ticket, {text}")) {
            let h = load.on(bare.address).await?;
            sheet.beside_h("GET", &load.on(exchange.address).await?, &h);
        }
        sheet.aim("of H", OF_H);
        cases.push(sheet.case(text));
    }
    Ok(cases)
}
