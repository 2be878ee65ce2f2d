//! How far the events are: a look into the contexts' databases from outside.

use std::time::Duration;

use anyhow::{Context, ensure};
use cluster::Backends;
use kernel::{Clock, SystemClock, Timestamp};
use outbox::Journal;
use store::{Migration, PostgresOptions, Store};
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Who sends events, with the schema of its database.
const SENDERS: [(&str, &[Migration]); 4] = [
    ("orders", orders::MIGRATIONS),
    ("tickets", tickets::MIGRATIONS),
    ("payments", payments::MIGRATIONS),
    ("expiration", expiration::MIGRATIONS),
];

/// Who notes in its database that it has heard of an order.
const HEARERS: [&str; 2] = ["tickets", "payments"];

/// How long all events may take to arrive.
const DRAIN_MAX: Duration = Duration::from_secs(300);

/// How often is looked whether they have. Each look counts rows, which costs the server some.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How often is looked how old the oldest event is, while others are measured.
const LAG_LOOK_EVERY: Duration = Duration::from_millis(100);

const ORDERS: &str = "select count(*) from orders";
const HEARD: &str = "select count(*) from inbox";
const UNSENT: &str = "select count(*) from outbox";

/// The databases of the contexts that send events.
#[derive(Clone)]
pub(crate) struct Outboxes {
    journals: Vec<(&'static str, Journal)>,
    /// What each of those who hear of orders had heard of before there were any.
    heard_before: [i64; HEARERS.len()],
}

/// How late events were.
pub(crate) struct Lag {
    /// The oldest event that was found undelivered, in milliseconds.
    pub(crate) oldest: f64,
    /// Events that were undelivered when the load ended.
    pub(crate) left: f64,
}

impl Outboxes {
    /// Connects beside the services, before anything is ordered.
    pub(crate) async fn open(backends: &Backends) -> anyhow::Result<Self> {
        let mut journals = Vec::new();
        for (context, own) in SENDERS {
            journals.push((context, Journal::shared(connect(backends, context, own).await?)));
        }
        let mut outboxes = Self { journals, heard_before: [0; HEARERS.len()] };
        outboxes.heard_before = outboxes.heard().await?;
        Ok(outboxes)
    }

    /// Waits until every event has arrived; answers how long that took. Of an order tickets and
    /// payments have to have heard.
    pub(crate) async fn drain(&self) -> anyhow::Result<Duration> {
        let began = Instant::now();
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // bounded: by `DRAIN_MAX`
        loop {
            looks.tick().await;
            let unsent = self.unsent().await?;
            // all that was ever heard is counted: that isn't to be had before its time
            if unsent == 0 && self.unheard().await? == 0 {
                return Ok(began.elapsed());
            }
            let is_late = began.elapsed() > DRAIN_MAX;
            ensure!(
                !is_late,
                "events don't arrive: {unsent} unsent, {} unheard",
                self.unheard().await?
            );
        }
    }

    async fn heard(&self) -> anyhow::Result<[i64; HEARERS.len()]> {
        let mut all = [0; HEARERS.len()];
        for (context, heard) in HEARERS.iter().zip(&mut all) {
            *heard = self.number(context, HEARD).await?;
        }
        Ok(all)
    }

    /// Events that somebody has yet to handle.
    async fn unheard(&self) -> anyhow::Result<i64> {
        let (orders, heard) = (self.number("orders", ORDERS).await?, self.heard().await?);
        Ok(heard
            .iter()
            .zip(&self.heard_before)
            .map(|(now, before)| (orders - (now - before)).max(0))
            .sum())
    }

    async fn unsent(&self) -> anyhow::Result<i64> {
        let mut all = 0;
        for (context, _) in &self.journals {
            all += self.number(context, UNSENT).await?;
        }
        Ok(all)
    }

    /// Looks how old the oldest undelivered event is until `ended` is told, or gone.
    pub(crate) async fn watch(self, mut ended: oneshot::Receiver<()>) -> anyhow::Result<Lag> {
        let mut looks = interval(LAG_LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut oldest = Duration::ZERO;
        // bounded: by the load, whose end is told
        loop {
            tokio::select! {
                biased;
                _ = &mut ended => break,
                _ = looks.tick() => oldest = oldest.max(self.age().await?),
            }
        }
        let left = self.unsent().await? as f64;
        Ok(Lag { oldest: oldest.as_secs_f64() * 1e3, left })
    }

    async fn age(&self) -> anyhow::Result<Duration> {
        let mut oldest: Option<Timestamp> = None;
        for (_, journal) in &self.journals {
            let its = journal.oldest_undelivered().await?;
            oldest = oldest.into_iter().chain(its).min();
        }
        Ok(age_at(SystemClock.now(), oldest))
    }

    async fn number(&self, context: &str, sql: &'static str) -> anyhow::Result<i64> {
        let found = self.journals.iter().find(|(name, _)| *name == context);
        let (_, journal) = found.with_context(|| format!("no database `{context}`"))?;
        let rows = journal.query(sql, []).await.with_context(|| context.to_owned())?;
        Ok(rows.first().context("no row")?.get(0)?)
    }
}

/// How old what is from `oldest` is.
fn age_at(now: Timestamp, oldest: Option<Timestamp>) -> Duration {
    oldest.map_or(Duration::ZERO, |oldest| now.until(oldest))
}

/// A store on the database of `context`, which its service has made.
pub(crate) async fn connect(
    backends: &Backends,
    context: &str,
    own: &[Migration],
) -> anyhow::Result<Store> {
    let url = format!("{}/{}", backends.postgres, backends.database);
    let options = PostgresOptions { connections_max: 2, ..PostgresOptions::derived(url, context)? };
    let migrations = [outbox::MIGRATIONS, own].concat();
    Store::connect_beside(options, &migrations).await.with_context(|| context.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_from_before_is_old() {
        let now = Timestamp::from_micros(1_764_000_000_000_000);
        let second = Duration::from_secs(1);
        assert_eq!(age_at(now, Some(now.minus(second))), second);
        assert_eq!(age_at(now, Some(now.plus(second))), Duration::ZERO, "its clock is ahead");
        assert_eq!(age_at(now, None), Duration::ZERO);
    }
}
