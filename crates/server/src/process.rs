//! What a process runs of the exchange, at work: its routes, to be called by whoever has them, and
//! what runs behind them. [`crate::running`] puts a listener in front of it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use config::{Roles, Settings};
use http_kit::protection::Protection;
use outbox::Journal;
use telemetry::metrics::Recorder;
use tokio_util::sync::CancellationToken;

use crate::compose::{Exchange, Whole};
use crate::profile::Profile;
use crate::protect;
use crate::watch::{upkeep, watched};
use crate::work::Work;

/// How long the work may take to finish once nobody sends requests any more.
const WORKING_GRACE: Duration = Duration::from_secs(3);

/// A part of the exchange, or all of it, without a listener.
pub(crate) struct Process {
    /// All routes, behind everything that holds for every request.
    pub(crate) router: Router,
    pub(crate) protection: Arc<Protection>,
    pub(crate) working: Work,
    /// What the work needs to its end.
    pub(crate) lasting: Work,
    /// Cancelled when it begins to stop; `/api/health/ready` says no from then on.
    pub(crate) stopping: CancellationToken,
    pub(crate) journals: Vec<Journal>,
    /// All contexts, when they are all here.
    pub(crate) whole: Option<Whole>,
    pub(crate) profile: Arc<Profile>,
}

impl Process {
    /// Begins to work as `roles` on what `profile` has, for clients that reach it at `url`.
    pub(crate) async fn begin(
        profile: Profile,
        roles: &Roles,
        url: &str,
        settings: &Settings,
        recorder: Recorder,
    ) -> anyhow::Result<Self> {
        let profile = Arc::new(profile);
        let stopping = CancellationToken::new();
        let opened =
            Exchange::open(Arc::clone(&profile), roles, url, settings, stopping.clone()).await;
        let exchange =
            opened.with_context(|| format!("can't open the data in {}", profile.place()))?;
        let (journals, whole) = (exchange.journals(), exchange.whole());
        let protection = Arc::new(protect::protection(&settings.protection, url, &profile)?);
        let (working, lasting) = (Work::default(), Work::default());
        let watched = watched(settings, recorder.clone(), profile.folder(), stopping.clone());
        let router = exchange.router(watched, Arc::clone(&protection));
        working.start("the metrics", upkeep(recorder, working.stop.clone()));
        exchange.start_work(&working, &lasting)?;
        Ok(Self { router, protection, working, lasting, stopping, journals, whole, profile })
    }

    /// Finishes the work, then puts everything into the databases. What isn't finished in time
    /// the tables know, and the next start goes on with it.
    pub(crate) async fn end(self) {
        let finish = async {
            self.working.finish().await;
            self.lasting.finish().await;
        };
        if tokio::time::timeout(WORKING_GRACE, finish).await.is_err() {
            tracing::warn!("Not everything was finished in time; the next start goes on with it");
        }
        for journal in &self.journals {
            journal.close().await;
        }
        // the data folder, if there is one, is another process's from now on
        drop(self.profile);
    }
}
