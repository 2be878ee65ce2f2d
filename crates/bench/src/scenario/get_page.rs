//! A page of ten tickets is read, in a large exchange and in a small one: one of the first hundred,
//! where people look, and one from anywhere.

use anyhow::Context;
use bench::results::{Aim, Case, Unit};
use futures_util::FutureExt;

use super::{Scenario, tickets_text};
use crate::exchange::Exchange;
use crate::load::{Load, Pace, get};
use crate::sheet::{Sheet, ratio};
use crate::stage::Stage;
use crate::yardstick::bare::Bare;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "get-page",
    title: "GET a page of 10 tickets, 64 clients",
    sets: |scale| vec![scale.small, scale.large],
    steps: |scale| 2 * scale.rounds,
    run: |stage| run(stage).boxed_local(),
};

const CLIENTS: usize = 64;

const ROUTE: &str = "/api/tickets";
const FIRST_PAGE: &str = "/api/tickets?limit=10";

/// Tickets on a page.
const PAGE_SIZE: usize = 10;

/// Pages that people look at.
const FIRST: usize = 100;

/// Pages that are read in turn.
const PAGES: usize = 20_000;

const OF_H: Aim = Aim::AtLeast(0.35);

/// How many times as fast a small exchange may be.
const SMALL: Aim = Aim::AtMost(1.3);

async fn run(stage: &Stage) -> anyhow::Result<Vec<Case>> {
    let scale = &stage.scale;
    let [large, small] = [stage.sets().open(scale.large)?, stage.sets().open(scale.small)?];
    let first = [first_pages(stage, &large).await?, first_pages(stage, &small).await?];
    let anywhere = [pages(stage, &large, scale.large)?, pages(stage, &small, scale.small)?];
    let bare = Bare::like(&large.get(FIRST_PAGE).await?, ROUTE)?;
    let mut cases = Vec::new();
    for (which, [of_large, of_small]) in [("first", first), ("anywhere", anywhere)] {
        let [mut in_large, mut in_small] = [Sheet::default(), Sheet::default()];
        for _ in stage.rounds(&format!("GET a page, {which}")) {
            let h = of_large.on(bare.address).await?;
            let from_large = of_large.on(large.address).await?;
            let from_small = of_small.on(small.address).await?;
            in_large.beside_h("pages", &from_large, &h);
            in_small.beside_h("pages", &from_small, &h);
            let times = ratio(from_small.per_second(), from_large.per_second());
            in_small.add("times the large one", Unit::Ratio, times);
        }
        in_large.aim("of H", OF_H);
        in_small.aim("times the large one", SMALL);
        for (sheet, size) in [(in_large, scale.large), (in_small, scale.small)] {
            cases.push(sheet.case(format!("{}, {which}", tickets_text(size))));
        }
    }
    Ok(cases)
}

/// The pages that are walked through from the newest ticket on.
async fn first_pages(stage: &Stage, exchange: &Exchange) -> anyhow::Result<Load> {
    let mut paths = vec![FIRST_PAGE.to_owned()];
    while paths.len() < FIRST {
        let answer = exchange.get(&paths[paths.len() - 1]).await?;
        let page: serde_json::Value = serde_json::from_slice(answer.body()).context("a page")?;
        let Some(last) = page["results"][PAGE_SIZE - 1]["id"].as_str() else { break };
        paths.push(format!("{FIRST_PAGE}&start_key=key=id,value={last}"));
    }
    let requests = paths.iter().map(|path| get(path)).collect::<Result<_, _>>()?;
    let pace = Pace::For(stage.scale.time);
    Ok(Load { clients: CLIENTS, requests, expects: 200, pace })
}

/// Pages that begin after tickets from all over the exchange.
fn pages(stage: &Stage, exchange: &Exchange, size: u64) -> anyhow::Result<Load> {
    let tickets = exchange.tickets(PAGES.min(size as usize))?;
    let page = |id: &str| get(&format!("{FIRST_PAGE}&start_key=key=id,value={id}"));
    let requests = tickets.iter().map(|ticket| page(&ticket.id));
    Ok(Load {
        clients: CLIENTS,
        requests: requests.collect::<Result<_, _>>()?,
        expects: 200,
        pace: Pace::For(stage.scale.time),
    })
}
