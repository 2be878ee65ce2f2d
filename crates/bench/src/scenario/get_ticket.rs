//! One ticket is read, another one each time, from all over a large exchange: out of as many as
//! people look at while a sale is on; and out of more than the exchange keeps in memory.

use bench::results::{Aim, Case};
use futures_util::FutureExt;

use super::{CLIENTS, Scenario, clients_text};
use crate::exchange::Ticket;
use crate::load::{Load, Pace};
use crate::sheet::{Sheet, grouped};
use crate::stage::{Stage, look};
use crate::yardstick::bare::Bare;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "get-ticket",
    title: "GET one ticket",
    sets: |scale| vec![scale.large],
    steps: |scale| (READERS.len() + 1) * scale.rounds,
    run: |stage| run(stage).boxed_local(),
};

/// Fewer than this tell nothing of load.
const READERS: &[usize] = CLIENTS.split_at(1).1;

/// Tickets that are read in turn.
const TICKETS: usize = 20_000;

/// So many times as many are never found in memory when it is their turn again.
const TOO_MANY: usize = 10;

/// Who reads those.
const WIDE_READERS: usize = 64;

const OF_H: Aim = Aim::AtLeast(0.6);

async fn run(stage: &Stage) -> anyhow::Result<Vec<Case>> {
    let exchange = stage.sets().open(stage.scale.large)?;
    let large = stage.scale.large as usize;
    let tickets = exchange.tickets((TICKETS * TOO_MANY).min(large / 2))?;
    let answer = exchange.get(&format!("/api/tickets/{}", tickets[0].id)).await?;
    let bare = Bare::like(&answer, "/api/tickets/{id}")?;
    let reading = |tickets: &[Ticket]| {
        let requests = tickets.iter().map(|ticket| look(&ticket.id));
        let requests = requests.collect::<Result<_, _>>()?;
        anyhow::Ok(Load { clients: 0, requests, expects: 200, pace: Pace::For(stage.scale.time) })
    };
    let few = reading(&tickets[..TICKETS.min(tickets.len())])?;
    let loads = READERS.iter().map(|clients| (few.clone(), *clients, Some(OF_H)));
    let wide = (reading(&tickets)?, WIDE_READERS, None);
    let mut cases = Vec::new();
    for (mut load, clients, aim) in loads.chain([wide]) {
        load.clients = clients;
        let among = grouped(load.requests.len() as u64);
        let text = format!("{}, {among} tickets in turn", clients_text(clients));
        let mut sheet = Sheet::default();
        for _ in stage.rounds(&format!("GET one ticket, {text}")) {
            let h = load.on(bare.address).await?;
            sheet.beside_h("GET", &load.on(exchange.address).await?, &h);
        }
        aim.into_iter().for_each(|aim| sheet.aim("of H", aim));
        cases.push(sheet.case(text));
    }
    Ok(cases)
}
