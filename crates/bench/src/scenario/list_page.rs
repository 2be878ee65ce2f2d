//! People look through the tickets: the pages of twenty that the web interface renders, the first
//! ones of the list, however it is sorted and filtered. They come for the first time, so that each
//! page sets its cookie, and take it compressed, as browsers do.

use anyhow::ensure;
use bench::results::{Aim, Case, Unit};
use futures_util::FutureExt;
use hyper::header::HeaderValue;

use super::{Scenario, tickets_text};
use crate::exchange::Exchange;
use crate::load::{Load, Pace, Request, get, schedule};
use crate::server_times::ServerTimes;
use crate::sheet::{Sheet, median};
use crate::stage::Stage;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "list-page",
    title: "GET the web's list of 20 tickets, 64 clients",
    sets: |scale| vec![scale.large],
    steps: |scale| 2 * scale.rounds,
    run: |stage| run(stage).boxed_local(),
};

const CLIENTS: usize = 64;

/// Where people begin.
const STARTS: [&str; 4] = ["/", "/?free=1", "/?sort=cheapest", "/?free=1&sort=cheapest"];

/// How many pages they look at from there.
const PAGES: usize = 10;

/// What leads to the next page, in a page.
const NEXT: &str = "rel=\"next\" data-more href=\"";

/// The share of the most pages a second that are asked for while it is measured how long one takes.
const SHARE: f64 = 0.5;

/// In milliseconds, by the exchange's own clock.
const P99: Aim = Aim::AtMost(2.0);

/// What the aim is for.
const SERVER: &str = "p99 by its own clock";

const ROUTE: &str = "/";

async fn run(stage: &Stage) -> anyhow::Result<Vec<Case>> {
    let exchange = stage.sets().open(stage.scale.large)?;
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
    let rate = median(most) * SHARE;
    let count = (rate * stage.scale.time.as_secs_f64()) as usize;
    let mut sheet = Sheet::default();
    for round in stage.rounds(&format!("{rate:.0} pages a second of the web's list")) {
        let pace = Pace::At(schedule::arrivals(rate, count, round as u64));
        look(&exchange, &Load { pace, ..closed.clone() }, &mut sheet).await?;
    }
    sheet.aim(SERVER, P99);
    cases.push(sheet.case(format!("{size}, {:.0} % of that", SHARE * 100.0)));
    Ok(cases)
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
