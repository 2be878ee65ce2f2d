//! Tickets are searched by name, as people do: a band, a band and a city, the beginning of a word.

use bench::results::{Aim, Case};
use futures_util::FutureExt;

use super::{Scenario, tickets_text};
use crate::load::{Load, Pace, get};
use crate::sheet::Sheet;
use crate::stage::Stage;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "search",
    title: "Search by name, 16 clients",
    sets: |scale| vec![scale.large],
    steps: |scale| scale.rounds,
    run: |stage| run(stage).boxed_local(),
};

const CLIENTS: usize = 16;

/// Searches that are made in turn.
const SEARCHES: usize = 10_000;

/// Letters of a word that isn't typed to its end.
const TYPED: usize = 3;

/// In milliseconds.
const P99: Aim = Aim::AtMost(20.0);

async fn run(stage: &Stage) -> anyhow::Result<Vec<Case>> {
    let large = stage.scale.large;
    let exchange = stage.sets().open(large)?;
    let tickets = exchange.tickets(SEARCHES.min(large as usize))?;
    let titles = tickets.iter().map(|ticket| ticket.title.as_str()).enumerate();
    let search = |(number, title)| {
        get(&format!("/api/tickets?limit=10&q={}", encoded(&words(title, number))))
    };
    let load = Load {
        clients: CLIENTS,
        requests: titles.map(search).collect::<Result<_, _>>()?,
        expects: 200,
        pace: Pace::For(stage.scale.time),
    };
    let mut sheet = Sheet::default();
    for _ in stage.rounds("search by name") {
        sheet.load("searches", &load.on(exchange.address).await?);
    }
    sheet.aim("p99", P99);
    Ok(vec![sheet.case(tickets_text(large))])
}

/// What somebody types who looks for a ticket with this title, such as `Golden Foxes, Berlin,
/// 2027-03-12`; each `number` has another way.
fn words(title: &str, number: usize) -> String {
    let mut parts = title.split(", ");
    let (band, city) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (kind, thing) = band.split_once(' ').unwrap_or((band, band));
    let typed: String = thing.chars().take(TYPED).collect();
    match number % 6 {
        0 => band.to_owned(),
        1 => format!("{thing} {city}"),
        2 => format!("{city} {kind} {thing}"),
        3 => format!("{kind} {typed}"),
        4 => thing.to_lowercase(),
        _ => typed.to_lowercase(),
    }
}

/// As a part of a URL (RFC 3986, 2.1): letters and digits stay, everything else is escaped.
fn encoded(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_type_in_many_ways() {
        let typed: Vec<_> =
            (0..6).map(|number| words("Golden Foxes, Köln, 2027-03-12", number)).collect();
        assert_eq!(
            typed,
            ["Golden Foxes", "Foxes Köln", "Köln Golden Foxes", "Golden Fox", "foxes", "fox"]
        );
        assert_eq!(words("x", 1), "x ");
    }

    #[test]
    fn every_byte_that_is_no_letter_is_escaped() {
        assert_eq!(encoded("Köln &a=1"), "K%C3%B6ln%20%26a%3D1");
    }
}
