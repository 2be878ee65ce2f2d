//! What orders take while the exchange grows: the same number of them, on exchanges of ten times
//! as many tickets each.

use std::time::Duration;

use anyhow::Context;
use bench::results::{Aim, Case, Unit};
use futures_util::FutureExt;

use super::{Scenario, orders, tickets_text};
use crate::exchange::Exchange;
use crate::load::Measured;
use crate::sheet::{Sheet, ratio};
use crate::stage::{Stage, Supply};

/// It comes last: the largest exchange is not copied.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "growth",
    title: "POST orders while the exchange grows, 64 clients",
    sets: |scale| scale.sizes.clone(),
    steps: |scale| scale.sizes.len() * scale.rounds,
    run: |stage| run(stage).boxed_local(),
};

const CLIENTS: usize = 64;

/// Of the smallest exchange's tickets, eight tenths are ordered in a round.
const ORDERED: (usize, usize) = (8, 10);

/// One order for so many of a round warms an exchange up.
const WARMED: usize = 8;

/// How many times slower than the smallest.
const FLAT: Aim = Aim::AtMost(1.3);

async fn run(stage: &Stage) -> anyhow::Result<Vec<Case>> {
    let sizes = &stage.scale.sizes;
    let smallest = *sizes.first().context("no sizes")?;
    let count = usize::try_from(smallest)? * ORDERED.0 / ORDERED.1;
    let grown = sizes.iter().map(|size| Grown { size: *size, open: None });
    let mut grown: Vec<_> = grown.collect();
    let mut sheets: Vec<_> = sizes.iter().map(|_| Sheet::default()).collect();
    for round in 1..=stage.scale.rounds {
        let mut first = None;
        for (grown, sheet) in grown.iter_mut().zip(&mut sheets) {
            let text = tickets_text(grown.size);
            stage.step(&format!("growth, {text}, round {round} of {}", stage.scale.rounds));
            let (placed, drain) = grown.place(stage, count).await?;
            sheet.load("orders", &placed);
            sheet.drain(drain);
            let now = (placed.per_second(), placed.quantile(0.99));
            let (rate, p99) = *first.get_or_insert(now);
            sheet.add("times slower", Unit::Ratio, ratio(rate, now.0));
            sheet.add("p99 times longer", Unit::Ratio, ratio(now.1, p99));
        }
    }
    let case = |(mut sheet, size): (Sheet, &u64)| {
        if *size != smallest {
            sheet.aim("times slower", FLAT);
            sheet.aim("p99 times longer", FLAT);
        }
        sheet.case_of_size(tickets_text(*size), *size)
    };
    Ok(sheets.into_iter().zip(sizes).map(case).collect())
}

/// An exchange of one size.
struct Grown {
    size: u64,
    open: Option<(Exchange, Supply)>,
}

impl Grown {
    /// Places so many orders, on a new copy when too few tickets are left on the old one.
    async fn place(&mut self, stage: &Stage, count: usize) -> anyhow::Result<(Measured, Duration)> {
        if self.open.as_ref().is_none_or(|(_, supply)| supply.left() < count) {
            self.renew(stage, count).await?;
        }
        let (exchange, supply) = self.open.as_mut().context("no exchange")?;
        let load = orders::load(stage, CLIENTS, &supply.take(count)?)?;
        let placed = load.on(exchange.address).await?;
        Ok((placed, exchange.drain().await?))
    }

    async fn renew(&mut self, stage: &Stage, count: usize) -> anyhow::Result<()> {
        self.open = None;
        let is_largest = stage.scale.sizes.last() == Some(&self.size);
        let exchange = match is_largest {
            true => stage.sets().open(self.size)?,
            false => stage.sets().open_copy(self.size)?,
        };
        let warming = count / WARMED;
        let rounds = (usize::try_from(self.size)? - warming) / count;
        let tickets = rounds.min(stage.scale.rounds) * count + warming;
        let mut supply = stage.supply(&exchange, tickets)?;
        stage.warm(&exchange, &mut supply, warming).await?;
        self.open = Some((exchange, supply));
        Ok(())
    }
}
