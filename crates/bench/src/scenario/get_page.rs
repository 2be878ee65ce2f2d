//! A page of ten tickets is read: one of the first hundred, where people look, and one from
//! anywhere in a large exchange and in a small one.

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
    steps: |scale| scale.rounds,
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
    let pages_of_large = pages(stage, &large, scale.large)?;
    let pages_of_small = pages(stage, &small, scale.small)?;
    let first_pages = first_pages(stage, &large).await?;
    let bare = Bare::like(&large.get(FIRST_PAGE).await?, ROUTE)?;
    let [mut of_first, mut of_large, mut of_small] = [(); 3].map(|()| Sheet::default());
    for _ in stage.rounds("GET a page") {
        let h = pages_of_large.on(bare.address).await?;
        let from_large = pages_of_large.on(large.address).await?;
        let from_small = pages_of_small.on(small.address).await?;
        of_first.beside_h("pages", &first_pages.on(large.address).await?, &h);
        of_large.beside_h("pages", &from_large, &h);
        of_small.beside_h("pages", &from_small, &h);
        let times = ratio(from_small.per_second(), from_large.per_second());
        of_small.add("times the large one", Unit::Ratio, times);
    }
    of_first.aim("of H", OF_H);
    of_large.aim("of H", OF_H);
    of_small.aim("times the large one", SMALL);
    let first = of_first.case(format!("{}, first {FIRST} pages", tickets_text(scale.large)));
    let cases = [(of_large, scale.large), (of_small, scale.small)];
    let cases = cases.map(|(sheet, size)| sheet.case(format!("{}, anywhere", tickets_text(size))));
    Ok([first].into_iter().chain(cases).collect())
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
