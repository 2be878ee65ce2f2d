//! What stands behind the ports: on the embedded profile everything within this process and a
//! folder, on the distributed one servers and other processes.

mod embedded;

use std::path::Path;
use std::sync::Arc;

use auth::Auth;
use axum::Router;
use bus::{Bus, Subscription};
use config::{Database, Roles, Settings};
use orders::Orders;
use ory::{Permissions, Sessions};
use outbox::Journal;
use store::Migration;

use crate::compose::Journals;
use crate::data_folder::DataFolder;
use crate::work::Work;
use embedded::Embedded;

/// What stands behind the ports.
pub(crate) enum Profile {
    /// This process alone, and a folder.
    Embedded(Embedded),
}

impl Profile {
    /// What `roles` run on: takes the data folder, or looks where the servers are.
    pub(crate) fn of(settings: &Settings, roles: &Roles) -> anyhow::Result<Self> {
        anyhow::ensure!(!roles.are_distributed(settings), "not yet");
        Ok(Self::embedded(DataFolder::take(&settings.data)?))
    }

    /// The embedded profile on `folder`.
    pub(crate) const fn embedded(folder: DataFolder) -> Self {
        Self::Embedded(Embedded::new(folder))
    }

    /// The folder that holds the data, if there is one.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Embedded(embedded) => Some(embedded.folder()),
        }
    }

    /// Where the data is, for people.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Embedded(embedded) => embedded.folder().display().to_string(),
        }
    }

    /// Opens the database of one context, whose own migrations are `own`.
    pub(crate) async fn journal(
        &self,
        database: Database,
        own: &[Migration],
    ) -> anyhow::Result<Journal> {
        match self {
            Self::Embedded(embedded) => embedded.journal(database, own),
        }
    }

    /// Who knows who is calling; `local` is auth, if it runs here.
    pub(crate) fn sessions(&self, local: Option<&Auth>) -> anyhow::Result<Arc<dyn Sessions>> {
        match self {
            Self::Embedded(embedded) => embedded.sessions(local),
        }
    }

    /// Who knows who may do what.
    pub(crate) fn permissions(
        &self,
        local: Option<&Auth>,
        journals: &Journals,
    ) -> anyhow::Result<Arc<dyn Permissions>> {
        match self {
            Self::Embedded(embedded) => embedded.permissions(local, journals),
        }
    }

    /// What carries events to and from this process. What hears them is started on `work`.
    pub(crate) fn bus(&self, subscriptions: Vec<Subscription>, _work: &Work) -> Arc<dyn Bus> {
        match self {
            Self::Embedded(embedded) => embedded.bus(subscriptions),
        }
    }

    /// The routes of other processes, where this one is the edge.
    pub(crate) fn routes(&self, _is_edge: bool) -> Router {
        match self {
            Self::Embedded(_) => Router::new(),
        }
    }

    /// What auth has for other services.
    pub(crate) fn auth_routes(&self, _auth: &Auth) -> Router {
        match self {
            Self::Embedded(_) => Router::new(),
        }
    }

    /// What orders has for other services.
    pub(crate) fn orders_routes(&self, _orders: &Orders) -> Router {
        match self {
            Self::Embedded(_) => Router::new(),
        }
    }
}
