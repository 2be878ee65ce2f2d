//! People look through the tickets: the pages of twenty that the web interface renders, the first
//! ones of the list, however it is sorted and filtered. They come for the first time, so that each
//! page sets its cookie, and take it compressed, as browsers do. Nobody changes a ticket meanwhile,
//! but in the last case, in which tickets are ordered all the time.

use anyhow::ensure;
use bench::results::{Aim, Case, Unit};
use futures_util::FutureExt;
use hyper::header::HeaderValue;

use super::{Scenario, orders, tickets_text};
use crate::exchange::Exchange;
use crate::load::{Load, Pace, Request, get, schedule};
use crate::server_times::ServerTimes;
use crate::sheet::{Sheet, median};
use crate::stage::Stage;
use crate::yardstick::bare::Bare;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "list-page",
    title: "GET the web's list of 20 tickets, 64 clients",
    sets: |scale| vec![scale.large],
    steps: |scale| (1 + PACES) * scale.rounds,
    run: |stage| run(stage).boxed_local(),
};

const CLIENTS: usize = 64;

/// Where people begin.
const STARTS: [&str; 4] = ["/", "/?free=1", "/?sort=cheapest", "/?free=1&sort=cheapest"];

/// How many pages they look at from there.
const PAGES: usize = 10;

/// What leads to the next page, in a page.
const NEXT: &str = "rel=\"next\" data-more href=\"";

/// How many pages a second each of the clients looks at, when it isn't as many as it takes: more
/// than people do.
const LOOKS: f64 = 10.0;

/// How many tickets a second are ordered beside them: one for each ten pages.
const ORDERS: f64 = 64.0;

/// Who orders them.
const BUYERS: usize = 16;

/// How many ways there are to ask for so many pages a second.
const PACES: usize = 3;

/// The share of the most pages a second that are asked for, to see how it is when there is much
/// to do.
const SHARE: f64 = 0.5;

/// In milliseconds, by the exchange's own clock, for pages that are asked for as people do, also
/// while tickets change.
const P99: Aim = Aim::AtMost(2.0);

/// What the aim is for.
const SERVER: &str = "p99 by its own clock";

/// What clients of the yardstick waited, which sends the page as it is: what the machine and the
/// generator add to any answer.
const OF_H: &str = "H's p99";

const ROUTE: &str = "/";

async fn run(stage: &Stage) -> anyhow::Result<Vec<Case>> {
    let exchange = stage.sets().open_copy(stage.scale.large)?;
    let paths = paths(&exchange).await?;
    let requests = paths.iter().map(|path| browse(path)).collect::<Result<_, _>>()?;
    let pace = Pace::For(stage.scale.time);
    let closed = Load { clients: CLIENTS, requests, expects: 200, pace };
    let (mut most, mut sheet) = (Vec::new(), Sheet::default());
    for _ in stage.rounds("pages of the web's list, as many as it takes") {
        most.push(look(&exchange, &closed, &mut sheet).await?);
    }
    let size = tickets_text(stage.scale.large);
    let mut cases = vec![sheet.case(format!("{size}, as many as it takes"))];
    let bare = Bare::like(&exchange.get(STARTS[0]).await?, ROUTE)?;
    for Asked { rate, text, orders, aim } in paces(median(most)) {
        let count = in_a_round(stage, rate);
        let mut supply = stage.supply(&exchange, stage.scale.rounds * in_a_round(stage, orders))?;
        let mut sheet = Sheet::default();
        for round in stage.rounds(&format!("{text} of the web's list")) {
            let pace = Pace::At(schedule::arrivals(rate, count, round as u64));
            let load = Load { pace, ..closed.clone() };
            let h = load.on(bare.address).await?;
            sheet.add(OF_H, Unit::Milliseconds, h.quantile(0.99));
            let tickets = supply.take(in_a_round(stage, orders))?;
            let looked = look(&exchange, &load, &mut sheet);
            tokio::try_join!(looked, order(stage, &exchange, &tickets))?;
        }
        if let Some(aim) = aim {
            sheet.aim(SERVER, aim);
        }
        cases.push(sheet.case(format!("{size}, {text}")));
    }
    Ok(cases)
}

/// Pages that are asked for at their times, however long each takes.
struct Asked {
    /// In a second.
    rate: f64,
    text: String,
    /// Tickets that are ordered meanwhile, in a second.
    orders: f64,
    aim: Option<Aim>,
}

/// `most` is how many pages a second the exchange gives at most.
fn paces(most: f64) -> [Asked; PACES] {
    let people = CLIENTS as f64 * LOOKS;
    let share = format!("{:.0} % of that", SHARE * 100.0);
    let looks = format!("{people:.0} a second");
    let beside = format!("{looks} beside {ORDERS:.0} orders");
    [
        Asked { rate: most * SHARE, text: share, orders: 0.0, aim: None },
        Asked { rate: people, text: looks, orders: 0.0, aim: Some(P99) },
        Asked { rate: people, text: beside, orders: ORDERS, aim: Some(P99) },
    ]
}

fn in_a_round(stage: &Stage, rate: f64) -> usize {
    (rate * stage.scale.time.as_secs_f64()) as usize
}

/// Orders each of `tickets`, at their pace.
async fn order(stage: &Stage, exchange: &Exchange, tickets: &[String]) -> anyhow::Result<()> {
    if tickets.is_empty() {
        return Ok(());
    }
    let pace = Pace::At(schedule::arrivals(ORDERS, tickets.len(), tickets.len() as u64));
    let load = Load { pace, ..orders::load(stage, BUYERS, tickets)? };
    load.on(exchange.address).await?;
    Ok(())
}

/// Lets `load` look at pages; answers how many there were in a second.
async fn look(exchange: &Exchange, load: &Load, sheet: &mut Sheet) -> anyhow::Result<f64> {
    let before = ServerTimes::so_far(exchange, ROUTE).await?;
    let measured = load.on(exchange.address).await?;
    let after = ServerTimes::so_far(exchange, ROUTE).await?;
    sheet.load("pages", &measured);
    sheet.add(SERVER, Unit::Milliseconds, after.quantile_since(&before, 0.99));
    Ok(measured.per_second())
}

fn browse(path: &str) -> anyhow::Result<Request> {
    let mut request = get(path)?;
    request.headers_mut().insert("accept-encoding", HeaderValue::from_static("gzip"));
    Ok(request)
}

/// The pages that are walked through from each start.
async fn paths(exchange: &Exchange) -> anyhow::Result<Vec<String>> {
    let mut paths = Vec::new();
    for start in STARTS {
        let mut path = start.to_owned();
        for _ in 0..PAGES {
            let answer = exchange.get(&path).await?;
            let page = std::str::from_utf8(answer.body())?;
            let next = page.split_once(NEXT).and_then(|(_, rest)| rest.split_once('"'));
            paths.push(std::mem::take(&mut path));
            let Some((next, _)) = next else { break };
            path = next.replace("&amp;", "&");
        }
    }
    let wanted = STARTS.len() * PAGES;
    ensure!(paths.len() == wanted, "{} of {wanted} pages were found", paths.len());
    Ok(paths)
}
