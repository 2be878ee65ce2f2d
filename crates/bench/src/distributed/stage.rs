//! What the scenarios of many processes measure on: a cluster of its own on the servers that tests
//! use, with people, and tickets that nobody has ordered.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;

use anyhow::Context;
use bench::report::Progress;
use cluster::{Backends, Cluster, ClusterOptions};
use futures_util::{StreamExt, stream};
use testkit::Person;

use super::outboxes::Outboxes;
use super::scenario::Scenario;
use super::seeding;
use crate::load::{Load, Pace};
use crate::stage::{Supply, order_requests};
use crate::yardstick::pgbench::Pgbench;

/// Of each service.
const REPLICAS: u16 = 2;

/// Who buys: each with a session of their own.
const PEOPLE: usize = 256;
const PEOPLE_QUICK: usize = 64;

/// Sign-ups at once: hashing a password takes a whole core.
const SIGN_UPS_AT_ONCE: usize = 4;

/// Clients that warm the cluster up, and what they order.
const WARMING: usize = 16;
const WARMING_ORDERS: usize = 500;

/// How big and how long everything is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    /// How often each measurement is made.
    pub(crate) rounds: usize,
    /// How long the yardstick takes, in seconds.
    pub(crate) seconds: u64,
    /// How many orders are placed in one round.
    pub(crate) orders: usize,
    people: usize,
}

impl Scale {
    const fn new(is_quick: bool) -> Self {
        if is_quick {
            return Self { rounds: 2, seconds: 2, orders: 2_000, people: PEOPLE_QUICK };
        }
        Self { rounds: 5, seconds: 5, orders: 10_000, people: PEOPLE }
    }
}

/// Everything scenarios have in common. Dropping it removes the cluster with all of its data.
pub(crate) struct Stage {
    pub(crate) scale: Scale,
    pub(crate) cluster: Cluster,
    pub(crate) address: SocketAddr,
    pub(crate) outboxes: Outboxes,
    pub(crate) yardstick: Pgbench,
    tokens: Vec<String>,
    supply: RefCell<Supply>,
    progress: Progress,
    _removal: Removal,
}

/// Removes a cluster, also one that came to be only in part.
struct Removal {
    folder: tempfile::TempDir,
    has_failed: Cell<bool>,
}

impl Drop for Removal {
    fn drop(&mut self) {
        let removed = Cluster::at(self.folder.path()).and_then(|cluster| cluster.remove());
        if let Err(error) = removed
            && !self.has_failed.replace(true)
        {
            eprintln!("The cluster could not be removed: {error:#}");
        }
    }
}

/// All clients here have one address; and a run takes longer than fifteen minutes: what was ordered
/// at its beginning isn't to expire at its end.
const SETTINGS: [(&str, &str); 2] =
    [("RATE_LIMIT_ENABLED", "false"), ("EXPIRATION_WINDOW_SECONDS", "86400")];

impl Stage {
    /// Starts the cluster, signs up the people, and lists the tickets that `scenarios` need.
    pub(crate) async fn set(wanted: &crate::Run, scenarios: &[&Scenario]) -> anyhow::Result<Self> {
        let scale = Scale::new(wanted.quick);
        let steps: usize = scenarios.iter().map(|it| (it.steps)(&scale)).sum();
        let progress = Progress::start(3 + steps);
        progress.step("starting two of each service");
        let output = wanted.output.canonicalize()?;
        let folder = tempfile::Builder::new().prefix("cluster-").tempdir_in(&output)?;
        let name = format!("bench_{}", std::process::id());
        let options = ClusterOptions {
            folder: folder.path().to_owned(),
            replicas: REPLICAS,
            first_port: None,
            listen: None,
            backends: Backends::of_tests(&name),
            settings: SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        };
        let removal = Removal { folder, has_failed: Cell::new(false) };
        let yardstick = Pgbench::prepare(&options.backends, removal.folder.path()).await?;
        let cluster = Cluster::start(&wanted.program, options)?;
        let address = cluster.url();
        let address = address.strip_prefix("http://").context("nginx' address")?.parse()?;
        progress.step("signing people up");
        let tokens = sign_up(&cluster.url(), scale.people).await;
        let tickets: usize = scenarios.iter().map(|it| (it.tickets)(&scale)).sum();
        let tickets = tickets + WARMING_ORDERS;
        progress.step(&format!("listing {} tickets", crate::sheet::grouped(tickets as u64)));
        let ids = seeding::seed(&cluster, tickets).await?;
        let supply = Supply::of(ids.iter().map(ToString::to_string).collect());
        let outboxes = Outboxes::open(&cluster.options().backends).await?;
        let supply = RefCell::new(supply);
        let stage = Self {
            scale,
            cluster,
            address,
            outboxes,
            yardstick,
            tokens,
            supply,
            progress,
            _removal: removal,
        };
        stage.load(WARMING, WARMING_ORDERS, Pace::Once)?.on(stage.address).await?;
        let _time = stage.outboxes.drain().await?;
        Ok(stage)
    }

    /// Every round of `what`, each announced when it begins.
    pub(crate) fn rounds(&self, what: &str) -> impl Iterator<Item = usize> {
        let count = self.scale.rounds;
        (1..=count).inspect(move |round| {
            self.progress.step(&format!("{what}, round {round} of {count}"));
        })
    }

    /// The session of person number `number`.
    pub(crate) fn token(&self, number: usize) -> &str {
        &self.tokens[number % self.tokens.len()]
    }

    /// The next so many tickets that nobody has ordered.
    pub(crate) fn take(&self, count: usize) -> anyhow::Result<Vec<String>> {
        self.supply.borrow_mut().take(count)
    }

    /// `count` tickets, each ordered once, by so many clients.
    pub(crate) fn load(&self, clients: usize, count: usize, pace: Pace) -> anyhow::Result<Load> {
        let requests = order_requests(&self.tokens, &self.take(count)?, clients)?.into();
        Ok(Load { clients, requests, expects: 201, pace })
    }
}

async fn sign_up(url: &str, count: usize) -> Vec<String> {
    let sign_up = |number| async move {
        Person::at_url(url, &format!("person-{number}@example.test")).await.token
    };
    stream::iter(0..count).map(sign_up).buffer_unordered(SIGN_UPS_AT_ONCE).collect().await
}
