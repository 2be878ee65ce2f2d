//! The clients: so many connections that stay open, and requests made beforehand, so that they
//! cost the machine little beside what they measure.
//!
//! In a closed loop ([`Pace::Once`], [`Pace::For`]) each client sends its next request when it has
//! the last answer. In an open loop ([`Pace::At`]) each request has its moment, whether or not the
//! server keeps up, and its time counts from that moment: a server that stalls is charged for
//! everything that had to wait, and not for one request alone ("coordinated omission").

mod connection;
pub(crate) mod schedule;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::ensure;
use futures_util::future::try_join_all;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

pub(crate) use connection::{Answer, Connection, Request, get, post};

/// The longest time that is told apart, in microseconds; what takes longer counts as this.
const LONGEST: u64 = 120_000_000;

/// How many digits of a time are kept.
const DIGITS: u8 = 3;

/// When the requests are sent.
#[derive(Clone)]
pub(crate) enum Pace {
    /// Each once, as soon as a client is free.
    Once,
    /// Over and over for this long, as soon as a client is free.
    For(Duration),
    /// Each at its moment after the start, or as soon after it as a client is free.
    At(Arc<[Duration]>),
}

/// What clients send.
#[derive(Clone)]
pub(crate) struct Load {
    /// How many there are, each with a connection of its own.
    pub(crate) clients: usize,
    /// What they send, one after the other, whoever is free.
    pub(crate) requests: Arc<[Request]>,
    /// The status that every answer has to have.
    pub(crate) expects: u16,
    /// When.
    pub(crate) pace: Pace,
}

/// How long requests took.
pub(crate) struct Measured {
    elapsed: Duration,
    times: Histogram<u64>,
}

impl Load {
    /// Sends all of it to `address`. Connecting is not counted.
    pub(crate) async fn on(&self, address: SocketAddr) -> anyhow::Result<Measured> {
        let connections = (0..self.clients).map(|_| Connection::open(address));
        let connections = try_join_all(connections).await?;
        let started = Instant::now();
        let queue = Arc::new(Queue { load: self.clone(), taken: AtomicUsize::new(0), started });
        let mut clients = JoinSet::new();
        for connection in connections {
            clients.spawn(client(connection, Arc::clone(&queue)));
        }
        let notes = gather(clients).await?;
        Measured::since(started, &notes)
    }
}

/// Requests that nobody has taken yet.
struct Queue {
    load: Load,
    taken: AtomicUsize,
    started: Instant,
}

impl Queue {
    /// The next request, and its moment if it has one.
    fn next(&self) -> Option<(Option<Instant>, &Request)> {
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        let requests = &self.load.requests;
        let request = requests.get(number % requests.len().max(1))?;
        match &self.load.pace {
            Pace::Once => (number < requests.len()).then_some((None, request)),
            Pace::For(time) => (self.started.elapsed() < *time).then_some((None, request)),
            Pace::At(moments) => moments.get(number).map(|at| (Some(self.started + *at), request)),
        }
    }
}

async fn client(mut connection: Connection, queue: Arc<Queue>) -> anyhow::Result<Notes> {
    let mut notes = Notes::default();
    while let Some((moment, request)) = queue.next() {
        if let Some(moment) = moment {
            sleep_until(moment).await;
        }
        let since = moment.unwrap_or_else(Instant::now);
        connection.ask(request, queue.load.expects).await?;
        notes.done(since);
    }
    Ok(notes)
}

/// How long each thing took that one client did, in microseconds: written down as cheaply as can
/// be, and sorted later.
#[derive(Default)]
pub(crate) struct Notes(Vec<u32>);

impl Notes {
    /// What was begun at `since` is done now.
    pub(crate) fn done(&mut self, since: Instant) {
        self.0.push(u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
}

/// What all clients noted, once all are done; the first error ends them all.
pub(crate) async fn gather(
    mut clients: JoinSet<anyhow::Result<Notes>>,
) -> anyhow::Result<Vec<Notes>> {
    let mut notes = Vec::with_capacity(clients.len());
    while let Some(done) = clients.join_next().await {
        notes.push(done??);
    }
    Ok(notes)
}

impl Measured {
    /// What was done since `started`, all of it by now.
    pub(crate) fn since(started: Instant, notes: &[Notes]) -> anyhow::Result<Self> {
        let elapsed = started.elapsed();
        let mut times = Histogram::new_with_bounds(1, LONGEST, DIGITS)?;
        let all = notes.iter().flat_map(|notes| &notes.0);
        all.for_each(|micros| times.saturating_record(u64::from(*micros)));
        ensure!(!times.is_empty(), "nothing was measured");
        Ok(Self { elapsed, times })
    }

    /// Answers in a second.
    pub(crate) fn per_second(&self) -> f64 {
        self.times.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// What this share of the answers took at most, in milliseconds.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        self.times.value_at_quantile(share) as f64 / 1000.0
    }
}

#[cfg(test)]
mod tests;
