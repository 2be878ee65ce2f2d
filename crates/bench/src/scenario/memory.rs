//! How much memory the exchange takes: idle, and after a long day.

use std::time::Duration;

use bench::results::{Aim, Case, Unit};
use futures_util::FutureExt;
use tokio::time::{Instant, sleep_until};

use super::{Scenario, orders};
use crate::exchange::{Exchange, Memory};
use crate::sheet::{Sheet, grouped};
use crate::stage::Stage;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "memory",
    title: "Resident memory",
    sets: |scale| vec![scale.large],
    steps: |_| 1 + PARTS,
    run: |stage| run(stage).boxed_local(),
};

const CLIENTS: usize = 64;

/// The tickets that are ordered are a fifth of all, in so many parts.
const ORDERED: u64 = 5;
const PARTS: usize = 10;

/// Until an exchange that has nothing to do has come to rest.
const IDLE: Duration = Duration::from_secs(2);

/// In megabytes.
const AT_REST: Aim = Aim::AtMost(40.0);
const AT_NIGHT: Aim = Aim::AtMost(200.0);

async fn run(stage: &Stage) -> anyhow::Result<Vec<Case>> {
    stage.step("memory, idle");
    let exchange = stage.sets().open_empty()?;
    exchange.get("/api/tickets?limit=10").await?;
    sleep_until(Instant::now() + IDLE).await;
    let idle = sheet(&exchange, AT_REST)?.case("idle");
    drop(exchange);

    let large = stage.scale.large;
    let exchange = stage.sets().open_copy(large)?;
    let part = usize::try_from(large / ORDERED)? / PARTS;
    let mut supply = stage.supply(&exchange, part * PARTS)?;
    let mut ordered = 0;
    for number in 1..=PARTS {
        stage.step(&format!("memory, orders, part {number} of {PARTS}"));
        let tickets = supply.take(part)?;
        orders::load(stage, CLIENTS, &tickets)?.on(exchange.address).await?;
        ordered += tickets.len() as u64;
    }
    exchange.drain().await?;
    let load = format!("{} tickets, {} orders", grouped(large), grouped(ordered));
    Ok(vec![idle, sheet(&exchange, AT_NIGHT)?.case(load)])
}

fn sheet(exchange: &Exchange, aim: Aim) -> anyhow::Result<Sheet> {
    let Memory { resident, peak } = exchange.memory()?;
    let mut sheet = Sheet::default();
    sheet.add("resident", Unit::Megabytes, resident);
    sheet.add("peak", Unit::Megabytes, peak);
    sheet.aim("resident", aim);
    Ok(sheet)
}
