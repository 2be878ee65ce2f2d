//! The whole exchange at work within this process, without a listener: `hot-paths` calls the
//! routes itself, and counts what that takes.

use std::path::Path;

use anyhow::Context;
use auth::Auth;
use axum::Router;
use config::{Roles, Settings};
use orders::Orders;
use outbox::Journal;
use tickets::Tickets;
use tokio::sync::watch;

use crate::compose::Whole;
use crate::data_folder::DataFolder;
use crate::process::Process;
use crate::profile::Profile;
use crate::watch::Watch;

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
    process: Process,
}

impl InProcess {
    /// Takes the data folder, begins to log and to measure, and begins to work. Once in a process:
    /// the log and the metrics are the process's own.
    ///
    /// # Errors
    /// When the folder is another process's, or can't be read or written.
    pub async fn start(settings: &Settings) -> anyhow::Result<Self> {
        let profile = Profile::embedded(DataFolder::take(&settings.data)?);
        let watch = Watch::begin(settings, &settings.log)?;
        let (roles, url) = (Roles::all(), "http://localhost");
        let mut process = Process::begin(profile, &roles, url, settings, watch.recorder).await?;
        let whole = process.whole.take().context("all contexts are here")?;
        let Whole { auth, tickets, orders, .. } = whole;
        Ok(Self { router: process.router.clone(), auth, tickets, orders, process })
    }

    /// Where its data is.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.process.profile.folder().unwrap_or(Path::new("."))
    }

    /// As long as this is kept, events leave the outbox as soon as they are delivered, each alone.
    #[must_use]
    pub fn hurry(&self) -> Vec<watch::Receiver<u64>> {
        self.process.journals.iter().map(Journal::deliveries).collect()
    }

    /// Waits until every event has been handled by all who hear it.
    ///
    /// # Errors
    /// When a database is away.
    pub async fn settle(&self) -> anyhow::Result<()> {
        let hints = |journal: &Journal| (journal.clone(), journal.deliveries());
        let mut told: Vec<_> = self.process.journals.iter().map(hints).collect();
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

    /// Finishes the work, then puts everything into the database files.
    pub async fn end(self) {
        self.process.end().await;
    }
}
