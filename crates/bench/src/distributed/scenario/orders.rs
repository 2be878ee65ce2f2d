//! Tickets are ordered through nginx, each by one client alone: signed in, permission-checked,
//! durable. What the events need meanwhile, and whose time it takes, is looked at, too.

use bench::results::{Aim, Case, Unit};
use futures_util::FutureExt;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Scenario;
use crate::distributed::outboxes::Lag;
use crate::distributed::processes::Ticks;
use crate::distributed::stage::{Scale, Stage};
use crate::load::{Load, Measured, Pace};
use crate::sheet::{Sheet, ratio};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "orders",
    title: "POST orders for distinct tickets, through nginx",
    tickets: |scale| {
        scale.rounds * CLIENTS.iter().map(|clients| orders(scale, *clients)).sum::<usize>()
    },
    steps: |scale| CLIENTS.len() * scale.rounds,
    run: |stage| run(stage).boxed_local(),
};

/// Clients at once, of the exchange and of the yardstick.
const CLIENTS: [usize; 3] = [16, 64, 256];

/// The load that has an aim, and of which is told where the time goes.
const FULL: usize = 64;

/// Of what `pgbench` commits with as many clients.
const OF_P: Aim = Aim::AtLeast(0.25);

fn orders(scale: &Scale, clients: usize) -> usize {
    if clients >= FULL { scale.orders } else { scale.orders / 2 }
}

async fn run(stage: &Stage) -> anyhow::Result<Vec<Case>> {
    let mut cases = Vec::new();
    for clients in CLIENTS {
        let text = format!("{clients} clients");
        let (mut sheet, mut times) = (Sheet::default(), Sheet::default());
        for _ in stage.rounds(&format!("orders, {text}")) {
            let p = stage.yardstick.per_second(clients, stage.scale.seconds).await?;
            let count = orders(&stage.scale, clients);
            let load = stage.load(clients, count, Pace::Once)?;
            let before = Ticks::of(&stage.cluster);
            let began = Instant::now();
            let (placed, lag) = watched(stage, &load).await?;
            let drain = stage.outboxes.drain().await?;
            let seconds = began.elapsed().as_secs_f64();
            let spent = Ticks::of(&stage.cluster).since(&before);
            sheet.load("orders", &placed);
            sheet.add("P", Unit::PerSecond, p);
            sheet.add("of P", Unit::Ratio, ratio(placed.per_second(), p));
            sheet.add("oldest unsent", Unit::Milliseconds, lag.oldest);
            sheet.add("unsent at the end", Unit::Count, lag.left);
            sheet.drain(drain);
            sheet.add("with all events", Unit::PerSecond, count as f64 / seconds);
            for (process, time) in spent {
                times.add(process, Unit::Milliseconds, time * 1e3 / count as f64);
            }
        }
        if clients == FULL {
            sheet.aim("of P", OF_P);
        }
        cases.push(sheet.case(&text));
        if clients == FULL {
            cases.push(times.case(format!("{text}: processor time of one order")));
        }
    }
    Ok(cases)
}

/// What the load took, and how late events were meanwhile.
async fn watched(stage: &Stage, load: &Load) -> anyhow::Result<(Measured, Lag)> {
    let (ended, told) = oneshot::channel();
    let watching = tokio::spawn(stage.outboxes.clone().watch(told));
    let placed = load.on(stage.address).await;
    // who watches may have failed, and says so below
    let _ = ended.send(());
    let lag = watching.await??;
    Ok((placed?, lag))
}
