//! The embedded profile: a SQLite database for each context in one folder, the in-process bus,
//! and auth asked without a network between.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use auth::Auth;
use bus::{Bus, InProcessBus, Listening, RetryPolicy, Subscription};
use config::Database;
use ory::{Permissions, Sessions};
use outbox::Journal;
use store::{Location, Migration, Store};

use crate::compose::Journals;
use crate::data_folder::DataFolder;

/// A folder of data.
pub(crate) struct Embedded {
    folder: DataFolder,
}

/// One process runs all, or it isn't this profile.
const ALL_IS_HERE: &str = "on this profile a process runs all of the exchange";

impl Embedded {
    pub(super) const fn new(folder: DataFolder) -> Self {
        Self { folder }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn journal(&self, database: Database, own: &[Migration]) -> anyhow::Result<Journal> {
        let path = self.folder.private_file(database)?;
        let migrations = [outbox::MIGRATIONS, own].concat();
        let store = Store::open(Location::File(&path), &migrations);
        Ok(Journal::new(store.with_context(|| path.display().to_string())?))
    }

    pub(super) fn sessions(&self, auth: Option<&Auth>) -> anyhow::Result<Arc<dyn Sessions>> {
        Ok(auth.context(ALL_IS_HERE)?.sessions())
    }

    /// Entities tell their rights themselves: their databases are at hand.
    pub(super) fn permissions(
        &self,
        auth: Option<&Auth>,
        journals: &Journals,
    ) -> anyhow::Result<Arc<dyn Permissions>> {
        let mut told = Vec::new();
        told.extend(journals.tickets.clone().map(tickets::relations));
        told.extend(journals.orders.clone().map(orders::relations));
        told.extend(journals.payments.clone().map(payments::relations));
        Ok(auth.context(ALL_IS_HERE)?.permissions(told))
    }

    pub(super) fn bus(
        &self,
        subscriptions: Vec<Subscription>,
        listening: Option<Listening>,
    ) -> Arc<dyn Bus> {
        let bus = InProcessBus::new(subscriptions, RetryPolicy::default());
        Arc::new(bus.heard_by(listening))
    }
}
