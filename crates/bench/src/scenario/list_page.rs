//! People look through the tickets: the pages of twenty that the web interface renders, the first
//! ones of the list, however it is sorted and filtered. They come for the first time, so that each
//! page sets its cookie, and take it compressed, as browsers do. Nobody changes a ticket meanwhile.

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
use crate::yardstick::bare::Bare;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "list-page",
    title: "GET the web's list of 20 tickets, 64 clients",
    sets: |scale| vec![scale.large],
    steps: |scale| 3 * scale.rounds,
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

/// The share of the most pages a second that are asked for, to see how it is when there is much
/// to do.
const SHARE: f64 = 0.5;

/// In milliseconds, by the exchange's own clock, for pages that are asked for as people do.
const P99: Aim = Aim::AtMost(2.0);

/// What the aim is for.
const SERVER: &str = "p99 by its own clock";

/// What clients of the yardstick waited, which sends the page as it is: what the machine and the
/// generator add to any answer.
const OF_H: &str = "H's p99";

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
    let bare = Bare::like(&exchange.get(STARTS[0]).await?, ROUTE)?;
    let people = CLIENTS as f64 * LOOKS;
    let share = format!("{:.0} % of that", SHARE * 100.0);
    for (rate, text, aim) in
        [(median(most) * SHARE, share, None), (people, format!("{people:.0} a second"), Some(P99))]
    {
        let count = (rate * stage.scale.time.as_secs_f64()) as usize;
        let mut sheet = Sheet::default();
        for round in stage.rounds(&format!("{rate:.0} pages a second of the web's list")) {
            let pace = Pace::At(schedule::arrivals(rate, count, round as u64));
            let load = Load { pace, ..closed.clone() };
            let h = load.on(bare.address).await?;
            sheet.add(OF_H, Unit::Milliseconds, h.quantile(0.99));
            look(&exchange, &load, &mut sheet).await?;
        }
        if let Some(aim) = aim {
            sheet.aim(SERVER, aim);
        }
        cases.push(sheet.case(format!("{size}, {text}")));
    }
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
