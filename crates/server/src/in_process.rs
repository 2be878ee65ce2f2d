//! The whole exchange at work within this process: its routes, to be called by whoever has them,
//! and what runs behind them. [`crate::running`] puts a listener in front of it; `hot-paths` calls
//! the routes itself, and counts what that takes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use auth::Auth;
use axum::Router;
use config::Settings;
use http_kit::protection::Protection;
use orders::Orders;
use outbox::Journal;
use telemetry::metrics::Recorder;
use tickets::Tickets;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::compose::Exchange;
use crate::data_folder::DataFolder;
use crate::protect;
use crate::watch::{Watch, upkeep, watched};
use crate::work::Work;

/// How long the work may take to finish once nobody sends requests any more.
const WORKING_GRACE: Duration = Duration::from_secs(3);

/// An exchange without a listener.
pub struct InProcess {
    /// All routes, behind everything that holds for every request.
    pub router: Router,
    /// Identities and permissions.
    pub auth: Auth,
    /// The context of what is for sale.
    pub tickets: Tickets,
    /// The context of who has reserved what.
    pub orders: Orders,
    pub(crate) protection: Arc<Protection>,
    pub(crate) working: Work,
    /// Cancelled when it begins to stop; `/api/health/ready` says no from then on.
    pub(crate) stopping: CancellationToken,
    folder: DataFolder,
    journals: Vec<Journal>,
}

impl InProcess {
    /// Takes the data folder, begins to log and to measure, and begins to work. Once in a process:
    /// the log and the metrics are the process's own.
    ///
    /// # Errors
    /// When the folder is another process's, or can't be read or written.
    pub async fn start(settings: &Settings) -> anyhow::Result<Self> {
        let folder = DataFolder::take(&settings.data)?;
        let watch = Watch::begin(settings, &settings.log)?;
        Self::begin(folder, "http://localhost", settings, watch.recorder).await
    }

    /// Begins to work on the data in `folder`, for clients that reach it at `url`.
    pub(crate) async fn begin(
        folder: DataFolder,
        url: &str,
        settings: &Settings,
        recorder: Recorder,
    ) -> anyhow::Result<Self> {
        let exchange = Exchange::open(&folder, url, settings)
            .await
            .with_context(|| format!("can't open the data in {}", folder.path().display()))?;
        let journals = exchange.journals();
        let (auth, tickets) = (exchange.auth.0.clone(), exchange.tickets.clone());
        let orders = exchange.orders.clone();
        let protection = Arc::new(protect::protection(&settings.protection, url)?);
        let (working, stopping) = (Work::default(), CancellationToken::new());
        let watched = watched(settings, recorder.clone(), folder.path(), stopping.clone());
        let router = exchange.router(watched, Arc::clone(&protection));
        working.start("the metrics", upkeep(recorder, working.stop.clone()));
        exchange.start_work(&working);
        Ok(Self { router, auth, tickets, orders, protection, working, stopping, folder, journals })
    }

    /// Where its data is.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// As long as this is kept, events leave the outbox as soon as they are delivered, each alone.
    #[must_use]
    pub fn hurry(&self) -> Vec<watch::Receiver<u64>> {
        self.journals.iter().map(Journal::deliveries).collect()
    }

    /// Waits until every event has been handled by all who hear it.
    ///
    /// # Errors
    /// When a database is away.
    pub async fn settle(&self) -> anyhow::Result<()> {
        let hints = |journal: &Journal| (journal.clone(), journal.deliveries());
        let mut told: Vec<_> = self.journals.iter().map(hints).collect();
        let mut has_waited = true;
        // what is handled here may be told there; bounded: by the events that requests have caused
        while has_waited {
            has_waited = false;
            for (journal, deliveries) in &mut told {
                while journal.oldest_undelivered().await?.is_some() {
                    deliveries.changed().await.context("the relay has ended")?;
                    has_waited = true;
                }
            }
        }
        Ok(())
    }

    /// Finishes the work, then puts everything into the database files. What isn't finished in
    /// time the tables know, and the next start goes on with it.
    pub async fn end(self) {
        if tokio::time::timeout(WORKING_GRACE, self.working.finish()).await.is_err() {
            tracing::warn!("Not everything was finished in time; the next start goes on with it");
        }
        for journal in &self.journals {
            journal.close().await;
        }
        drop(self.folder);
    }
}
