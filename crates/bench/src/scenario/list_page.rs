//! People look through the tickets: the pages of twenty that the web interface renders, the first
//! ones of the list, however it is sorted and filtered. They come for the first time, so that each
//! page sets its cookie, and take it compressed, as browsers do. Nobody changes a ticket meanwhile,
//! but in the last case, in which tickets are ordered all the time.

use std::collections::BTreeSet;
use std::sync::Arc;

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

/// What is in the address of those that show free tickets only.
const FREE: &str = "free=1";

/// What leads to a ticket, in a page.
const TICKET: &str = "href=\"/tickets/";

/// What leads to the next page, in a page.
const NEXT: &str = "rel=\"next\" data-more href=\"";

/// How many pages a second each of the clients looks at, when it isn't as many as it takes: more
/// than people do.
const LOOKS: f64 = 10.0;

/// How many tickets a second are ordered beside them, of those that they look at: one for each ten
/// pages.
const ORDERED: f64 = 64.0;

/// Who orders them.
const BUYERS: usize = 16;

/// How much longer they order than is looked, so that all pages come while they do.
const LONGER: f64 = 1.25;

/// So that orders don't come at the pages' own times.
const ORDERS_SEED: u64 = 1000;

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
    let requests = browse(&walk(&exchange).await?)?;
    let pace = Pace::For(stage.scale.time);
    let closed = Load { clients: CLIENTS, requests, expects: 200, pace };
    let (mut most, mut sheet) = (Vec::new(), Sheet::default());
    for _ in stage.rounds("pages of the web's list, as many as it takes") {
        most.push(look(&exchange, &closed, &mut sheet).await?);
    }
    let size = tickets_text(stage.scale.large);
    let mut cases = vec![sheet.case(format!("{size}, as many as it takes"))];
    let bare = Bare::like(&exchange.get(STARTS[0]).await?, ROUTE)?;
    for asked in paces(median(most)) {
        let sheet = at_pace(stage, &exchange, &bare, &asked).await?;
        cases.push(sheet.case(format!("{size}, {}", asked.text)));
    }
    Ok(cases)
}

/// Pages that are asked for at their times, however long each takes.
struct Asked {
    /// In a second.
    rate: f64,
    text: String,
    /// Whether tickets are ordered meanwhile.
    is_beside_orders: bool,
    aim: Option<Aim>,
}

/// `most` is how many pages a second the exchange gives at most.
fn paces(most: f64) -> [Asked; PACES] {
    let people = CLIENTS as f64 * LOOKS;
    let share = format!("{:.0} % of that", SHARE * 100.0);
    let looks = format!("{people:.0} a second");
    let beside = format!("{looks}, {ORDERED:.0} tickets a second ordered");
    [
        Asked { rate: most * SHARE, text: share, is_beside_orders: false, aim: None },
        Asked { rate: people, text: looks, is_beside_orders: false, aim: Some(P99) },
        Asked { rate: people, text: beside, is_beside_orders: true, aim: Some(P99) },
    ]
}

async fn at_pace(
    stage: &Stage,
    exchange: &Exchange,
    bare: &Bare,
    asked: &Asked,
) -> anyhow::Result<Sheet> {
    let mut sheet = Sheet::default();
    let seconds = stage.scale.time.as_secs_f64();
    let beside = if asked.is_beside_orders { ", and orders" } else { "" };
    let what = format!("{:.0} pages a second of the web's list{beside}", asked.rate);
    for round in stage.rounds(&what) {
        let round = round as u64;
        let arrivals = schedule::arrivals(asked.rate, (asked.rate * seconds) as usize, round);
        // what was ordered in the last round is on none of the pages of what is free
        let pages = walk(exchange).await?;
        let requests = browse(&pages)?;
        let pace = Pace::At(arrivals);
        let load = Load { clients: CLIENTS, requests, expects: 200, pace };
        let h = load.on(bare.address).await?;
        sheet.add(OF_H, Unit::Milliseconds, h.quantile(0.99));
        if !asked.is_beside_orders {
            look(exchange, &load, &mut sheet).await?;
            continue;
        }
        let tickets = shown_free(&pages, (ORDERED * seconds * LONGER) as usize)?;
        let arrivals = schedule::arrivals(ORDERED, tickets.len(), round + ORDERS_SEED);
        let buyers = Load { pace: Pace::At(arrivals), ..orders::load(stage, BUYERS, &tickets)? };
        let looking = look(exchange, &load, &mut sheet);
        let (_, ordered) = tokio::try_join!(looking, buyers.on(exchange.address))?;
        sheet.add("orders", Unit::PerSecond, ordered.per_second());
        exchange.drain().await?;
    }
    if let Some(aim) = asked.aim {
        sheet.aim(SERVER, aim);
    }
    Ok(sheet)
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

/// A page that people look at.
struct Page {
    path: String,
    html: String,
}

/// The pages that are walked through from each start.
async fn walk(exchange: &Exchange) -> anyhow::Result<Vec<Page>> {
    let mut pages = Vec::new();
    for start in STARTS {
        let mut next = Some(start.to_owned());
        for _ in 0..PAGES {
            let Some(path) = next else { break };
            let answer = exchange.get(&path).await?;
            let html = std::str::from_utf8(answer.body())?.to_owned();
            next = between(&html, NEXT).next().map(|link| link.replace("&amp;", "&"));
            pages.push(Page { path, html });
        }
    }
    let wanted = STARTS.len() * PAGES;
    ensure!(pages.len() == wanted, "{} of {wanted} pages were found", pages.len());
    Ok(pages)
}

/// Requests for `pages`, as browsers make them.
fn browse(pages: &[Page]) -> anyhow::Result<Arc<[Request]>> {
    let request = |page: &Page| {
        let mut request = get(&page.path)?;
        request.headers_mut().insert("accept-encoding", HeaderValue::from_static("gzip"));
        Ok(request)
    };
    pages.iter().map(request).collect()
}

/// So many of the free tickets that are shown, from all those pages alike.
fn shown_free(pages: &[Page], count: usize) -> anyhow::Result<Vec<String>> {
    let free = pages.iter().filter(|page| page.path.contains(FREE));
    let tickets: BTreeSet<_> = free.flat_map(|page| between(&page.html, TICKET)).collect();
    let tickets: Vec<_> = tickets.into_iter().collect();
    let found = tickets.len();
    ensure!(found >= count, "{count} free tickets are needed, and {found} are shown");
    Ok((0..count).map(|number| tickets[number * found / count].to_owned()).collect())
}

/// What stands after each `start` in `html`, up to the next quotation mark.
fn between<'a>(html: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    html.split(start).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_are_ordered_from_the_pages_of_what_is_free() {
        let page = |path: &str, ids: [&str; 3]| {
            let link = |id| format!("<a href=\"/tickets/{id}\">");
            Page { path: path.to_owned(), html: ids.map(link).concat() }
        };
        let pages = [page("/", ["a", "b", "c"]), page("/?free=1&x=2", ["b", "c", "d"])];
        assert_eq!(shown_free(&pages, 3).unwrap(), ["b", "c", "d"]);
        assert_eq!(shown_free(&pages, 1).unwrap(), ["b"]);
        assert!(shown_free(&pages, 4).is_err());
    }
}
