//! How long it takes from the start of the program to its first answer.

use bench::results::{Aim, Case, Unit};
use futures_util::FutureExt;
use tokio::time::Instant;

use super::{Scenario, tickets_text};
use crate::exchange::Exchange;
use crate::sheet::Sheet;
use crate::stage::Stage;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "start",
    title: "Start to first answer",
    sets: |scale| vec![scale.large],
    steps: |scale| 2 * scale.rounds,
    run: |stage| run(stage).boxed_local(),
};

/// In milliseconds.
const EMPTY: Aim = Aim::AtMost(300.0);
const LARGE: Aim = Aim::AtMost(2000.0);

async fn run(stage: &Stage) -> anyhow::Result<Vec<Case>> {
    let large = stage.scale.large;
    let mut cases = Vec::new();
    for (text, aim) in [("empty".to_owned(), EMPTY), (tickets_text(large), LARGE)] {
        let mut sheet = Sheet::default();
        for _ in stage.rounds(&format!("start, {text}")) {
            let began = Instant::now();
            let exchange = match text.as_str() {
                "empty" => stage.sets().open_empty()?,
                _ => stage.sets().open(large)?,
            };
            sheet.add("start", Unit::Milliseconds, first_answer(exchange, began).await?);
        }
        sheet.aim("start", aim);
        cases.push(sheet.case(text));
    }
    Ok(cases)
}

/// Milliseconds from `began` to the first answer; then the exchange ends in good order.
async fn first_answer(exchange: Exchange, began: Instant) -> anyhow::Result<f64> {
    exchange.get("/api/tickets?limit=10").await?;
    let time = began.elapsed();
    exchange.stop()?;
    Ok(time.as_secs_f64() * 1e3)
}
