//! Yardstick S: the same reservations through the store's group commit, without HTTP, sessions,
//! permissions or anybody who hears of them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, ensure};
use clap::Args;
use kernel::{TicketId, UserId};
use orders::Orders;
use ory::rights::OrderTicket;
use outbox::{Journal, Remember};
use serde::{Deserialize, Serialize};
use store::{Location, Store};
use testkit::Everybody;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{orders_over, seed, ticket};
use crate::load::{Measured, Notes, gather};

/// What to place.
#[derive(Args)]
pub(crate) struct Commits {
    /// Where the database is made.
    #[arg(long)]
    folder: PathBuf,

    /// How many place orders at once.
    #[arg(long)]
    callers: usize,

    /// How many they place together.
    #[arg(long)]
    orders: usize,
}

/// How fast it was.
#[derive(Serialize, Deserialize)]
pub(crate) struct Committed {
    pub(crate) per_second: f64,
    /// In milliseconds.
    pub(crate) p50: f64,
    /// In milliseconds.
    pub(crate) p99: f64,
}

/// Places `orders` orders by `callers` at once in a process of its own, in `folder`.
pub(crate) async fn measure(
    folder: &Path,
    callers: usize,
    orders: usize,
) -> anyhow::Result<Committed> {
    let output = tokio::process::Command::from(Command::new(std::env::current_exe()?))
        .args(["commits", "--callers", &callers.to_string(), "--orders", &orders.to_string()])
        .arg("--folder")
        .arg(folder)
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await
        .context("can't start yardstick S")?;
    ensure!(output.status.success(), "yardstick S failed");
    Ok(serde_json::from_slice(&output.stdout)?)
}

impl Commits {
    /// Places them, and prints how fast it was as JSON.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let migrations = [outbox::MIGRATIONS, orders::MIGRATIONS].concat();
        let store = Store::open(Location::File(&self.folder.join("orders.db")), &migrations)?;
        let orders = orders_over(Journal::new(store));
        let tickets: Vec<_> =
            (0..self.orders).map(|_| ticket(&*orders.clock)).collect::<Result<_, _>>()?;
        seed(&orders, &tickets).await?;
        let tickets: Arc<[_]> = tickets.into_iter().map(|ticket| ticket.id).collect();
        let taken = Arc::new(AtomicUsize::new(0));
        let started = Instant::now();
        let mut callers = JoinSet::new();
        for _ in 0..self.callers {
            callers.spawn(call(orders.clone(), Arc::clone(&tickets), Arc::clone(&taken)));
        }
        let notes = gather(callers).await?;
        let measured = Measured::since(started, &notes)?;
        let committed = Committed {
            per_second: measured.per_second(),
            p50: measured.quantile(0.5),
            p99: measured.quantile(0.99),
        };
        println!("{}", serde_json::to_string(&committed)?);
        Ok(())
    }
}

/// One caller, who takes the next ticket when the last is theirs.
async fn call(
    orders: Orders,
    tickets: Arc<[TicketId]>,
    taken: Arc<AtomicUsize>,
) -> anyhow::Result<Notes> {
    let (mut notes, buyer) = (Notes::default(), UserId::generate());
    while let Some(ticket) = tickets.get(taken.fetch_add(1, Ordering::Relaxed)) {
        let since = Instant::now();
        let permit = ory::permit::<OrderTicket>(&Everybody, buyer, *ticket).await?;
        orders.place_order(permit, Remember::NOTHING).await?;
        notes.done(since);
    }
    Ok(notes)
}
