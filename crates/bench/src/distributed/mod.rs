//! The exchange as many processes: two of each service on PostgreSQL, RabbitMQ and Redis, behind
//! nginx, all of it on this machine, with the clients, which are this process.
//!
//! Reading order: this, [`scenario`] (what is measured, a file each), [`stage`] (on what),
//! `seeding` (the tickets), [`outboxes`] (how far the events are), [`processes`] (where the time
//! goes).

mod outboxes;
mod processes;
pub(crate) mod scenario;
mod seeding;
mod stage;

use anyhow::Context;
use bench::results::Outcome;

use scenario::{SCENARIOS, Scenario};
use stage::Stage;

/// Runs what is wanted.
pub(crate) async fn measure(wanted: &crate::Run) -> anyhow::Result<Vec<Outcome>> {
    let chosen: Vec<_> = SCENARIOS.iter().filter(|it| wanted.wants(it.name)).collect();
    let stage = Stage::set(wanted, &chosen).await?;
    let mut outcomes = Vec::new();
    for Scenario { name, title, run, .. } in chosen {
        let cases = run(&stage).await.with_context(|| format!("scenario `{name}`"))?;
        outcomes.push(Outcome { scenario: (*name).to_owned(), title: (*title).to_owned(), cases });
    }
    Ok(outcomes)
}
