//! What scenarios measure on: data sets, people, how big and how long everything is, and the line
//! that tells how far the run has come.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use bench::report::Progress;

use crate::exchange::Exchange;
use crate::load::{Load, Pace, Request, get, post};
use crate::scenario::Scenario;
use crate::sets::{self, Sets};

/// Where a reservation is asked for.
pub(crate) const ORDERS: &str = "/api/orders";

/// Clients that warm an exchange up.
const WARMING: usize = 16;

/// How big and how long everything is.
#[derive(Debug, Clone)]
pub(crate) struct Scale {
    /// How often each measurement is made.
    pub(crate) rounds: usize,
    /// How long one takes, where it is not a number of things to be done.
    pub(crate) time: Duration,
    /// Tickets in a large exchange.
    pub(crate) large: u64,
    /// Tickets in a small one.
    pub(crate) small: u64,
    /// How many tickets the exchanges have that are compared while they grow.
    pub(crate) sizes: Vec<u64>,
}

impl Scale {
    /// The full one, or the quick one; with another large exchange, if one is given.
    pub(crate) fn new(is_quick: bool, large: Option<u64>) -> Self {
        let large = large.unwrap_or(if is_quick { 100_000 } else { 1_000_000 });
        let mut sizes = vec![large / 100, large / 10, large];
        // this one takes as long to fill as all others take to measure
        sizes.extend((!is_quick).then_some(large * 10));
        Self {
            rounds: if is_quick { 2 } else { 5 },
            time: Duration::from_millis(if is_quick { 500 } else { 3000 }),
            large,
            small: large / 1000,
            sizes: sizes.into_iter().map(|size| size.max(100)).collect(),
        }
        .sound()
    }

    /// The smallest sizes with which everything can be done.
    fn sound(mut self) -> Self {
        self.small = self.small.max(100);
        self.sizes.dedup();
        self
    }

    /// How many orders so many clients place in one round: a twentieth of a large exchange in all
    /// loads together, so that all rounds find enough tickets.
    pub(crate) const fn orders(&self, clients: usize) -> usize {
        let of_a_million = match clients {
            ..=1 => 2_000,
            2..=16 => 8_000,
            17..=64 => 16_000,
            _ => 24_000,
        };
        let orders = of_a_million * self.large as usize / 1_000_000;
        if orders > clients { orders } else { clients }
    }
}

/// Everything scenarios have in common.
pub(crate) struct Stage {
    pub(crate) scale: Scale,
    sets: Sets,
    progress: Progress,
}

impl Stage {
    /// Signs up the people, and makes the data that `scenarios` need.
    pub(crate) async fn set(
        program: &Path,
        output: &Path,
        scale: Scale,
        scenarios: &[&Scenario],
    ) -> anyhow::Result<Self> {
        let needed = sets::needed(scenarios.iter().flat_map(|it| (it.sets)(&scale)));
        let steps: usize = scenarios.iter().map(|it| (it.steps)(&scale)).sum();
        let progress = Progress::start(1 + needed.len() + steps);
        progress.step("signing people up");
        let sets = Sets::begin(program, output).await?;
        for tickets in needed {
            progress.step(&format!("listing {} tickets", crate::sheet::grouped(tickets)));
            sets.make(tickets).with_context(|| format!("make a set of {tickets} tickets"))?;
        }
        Ok(Self { scale, sets, progress })
    }

    /// Every round of `what`, each announced when it begins.
    pub(crate) fn rounds(&self, what: &str) -> impl Iterator<Item = usize> {
        let count = self.scale.rounds;
        (1..=count).inspect(move |round| {
            self.progress.step(&format!("{what}, round {round} of {count}"));
        })
    }

    /// What is done once; begins now.
    pub(crate) fn step(&self, what: &str) {
        self.progress.step(what);
    }

    /// The exchanges to measure.
    pub(crate) const fn sets(&self) -> &Sets {
        &self.sets
    }

    /// The session of person number `number`; there are [`sets::PEOPLE`], then it is the first
    /// one's turn again.
    pub(crate) fn token(&self, number: usize) -> &str {
        &self.sets.tokens[number % self.sets.tokens.len()]
    }

    /// Free tickets, for many rounds.
    pub(crate) fn supply(&self, exchange: &Exchange, count: usize) -> anyhow::Result<Supply> {
        let tickets = exchange.tickets(count)?.into_iter().map(|ticket| ticket.id).collect();
        Ok(Supply { tickets })
    }

    /// Lets some tickets be ordered that nobody measures: a program that has just started prepares
    /// its statements and fills its caches.
    pub(crate) async fn warm(
        &self,
        exchange: &Exchange,
        supply: &mut Supply,
        count: usize,
    ) -> anyhow::Result<()> {
        let requests = self.order_requests(&supply.take(count)?, WARMING)?.into();
        let load = Load { clients: WARMING, requests, expects: 201, pace: Pace::Once };
        load.on(exchange.address).await?;
        exchange.drain().await?;
        Ok(())
    }

    /// Requests that order one each of `tickets`, by `people` people in turn.
    pub(crate) fn order_requests(
        &self,
        tickets: &[String],
        people: usize,
    ) -> anyhow::Result<Vec<Request>> {
        order_requests(&self.sets.tokens, tickets, people)
    }
}

/// Requests that order one each of `tickets`, by the first `people` of those that `tokens` belong
/// to, in turn.
pub(crate) fn order_requests(
    tokens: &[String],
    tickets: &[String],
    people: usize,
) -> anyhow::Result<Vec<Request>> {
    let token = |number: usize| &tokens[number % people % tokens.len()];
    let numbered = tickets.iter().enumerate();
    numbered.map(|(number, ticket)| order(token(number), ticket)).collect()
}

/// Tickets that nobody has ordered yet.
pub(crate) struct Supply {
    tickets: Vec<String>,
}

impl Supply {
    /// These tickets.
    pub(crate) const fn of(tickets: Vec<String>) -> Self {
        Self { tickets }
    }

    /// How many are left.
    pub(crate) const fn left(&self) -> usize {
        self.tickets.len()
    }

    /// The next so many.
    pub(crate) fn take(&mut self, count: usize) -> anyhow::Result<Vec<String>> {
        let rest = self.tickets.len().checked_sub(count).context("no tickets are left")?;
        Ok(self.tickets.split_off(rest))
    }
}

/// The order of one ticket.
pub(crate) fn order(token: &str, ticket: &str) -> anyhow::Result<Request> {
    post(ORDERS, token, format!(r#"{{"ticketId":"{ticket}"}}"#))
}

/// The look at one ticket.
pub(crate) fn look(ticket: &str) -> anyhow::Result<Request> {
    get(&format!("/api/tickets/{ticket}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::CLIENTS;

    #[test]
    fn a_large_exchange_has_tickets_enough_for_all_rounds() {
        for (quick, large) in [(false, None), (true, None), (true, Some(10_000))] {
            let scale = Scale::new(quick, large);
            let orders: usize = CLIENTS.iter().map(|clients| scale.orders(*clients)).sum();
            assert!(orders * scale.rounds < scale.large as usize / 2, "{scale:?}");
            assert!(scale.sizes.is_sorted() && scale.sizes.contains(&scale.large), "{scale:?}");
        }
    }

    #[test]
    fn a_supply_gives_each_ticket_once() {
        let mut supply = Supply { tickets: ["a", "b", "c"].map(str::to_owned).to_vec() };
        let (two, one) = (supply.take(2).unwrap(), supply.take(1).unwrap());
        let mut all = [two, one].concat();
        all.sort();
        assert_eq!(all, ["a", "b", "c"]);
        assert!(supply.take(1).is_err());
    }
}
