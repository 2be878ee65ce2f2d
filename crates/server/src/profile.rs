//! What stands behind the ports: on the embedded profile everything within this process and a
//! folder, on the distributed one servers and other processes.

mod databases;
mod distributed;
mod embedded;
mod http;
mod nobody;
mod services;

use std::path::Path;
use std::sync::Arc;

use auth::Auth;
use axum::Router;
use bus::{Bus, Listening, Subscription};
use config::{Database, Roles, Settings};
use expiration::Expiration;
use gateway::Dependency;
use http_kit::protection::Protection;
use http_kit::rate_limit::SharedCells;
use kernel::Clock;
use orders::Orders;
use ory::{Permissions, ServiceKey, Sessions};
use outbox::Journal;
use store::{Migration, Store};

use crate::compose::Journals;
use crate::data_folder::{self, DataFolder};
use crate::work::Work;
use distributed::Distributed;
use embedded::Embedded;

/// What stands behind the ports.
pub(crate) enum Profile {
    /// This process alone, and a folder.
    Embedded(Embedded),
    /// Servers, and other processes.
    Distributed(Box<Distributed>),
}

impl Profile {
    /// What `roles` run on: takes the data folder, or looks where the servers are.
    pub(crate) fn of(settings: &Settings, roles: &Roles) -> anyhow::Result<Self> {
        if roles.are_distributed(settings) {
            return Ok(Self::Distributed(Box::new(Distributed::new(settings, roles)?)));
        }
        Ok(Self::embedded(DataFolder::take(&settings.data)?))
    }

    /// The embedded profile on `folder`.
    pub(crate) const fn embedded(folder: DataFolder) -> Self {
        Self::Embedded(Embedded::new(folder))
    }

    /// Whether other processes run as this one does.
    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self, Self::Distributed(_))
    }

    /// The folder that holds the data, if there is one.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Embedded(embedded) => Some(embedded.folder()),
            Self::Distributed(_) => None,
        }
    }

    /// Where the data is, for people.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Embedded(embedded) => embedded.folder().display().to_string(),
            Self::Distributed(distributed) => distributed.place(),
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
            Self::Distributed(distributed) => distributed.journal(database, own).await,
        }
    }

    /// Tickets' database `tickets`, from where `orders` is asked whether it has heard.
    pub(crate) fn asking(
        &self,
        tickets: Journal,
        orders: Option<&Journal>,
    ) -> anyhow::Result<Journal> {
        match self {
            // delivered means handled
            Self::Embedded(_) => Ok(tickets),
            Self::Distributed(distributed) => Ok(tickets.asking(distributed.heard(orders)?)),
        }
    }

    /// Who knows who is calling; `local` is auth, if it runs here.
    pub(crate) fn sessions(&self, local: Option<&Auth>) -> anyhow::Result<Arc<dyn Sessions>> {
        match self {
            Self::Embedded(embedded) => embedded.sessions(local),
            Self::Distributed(distributed) => distributed.sessions(local),
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
            Self::Distributed(distributed) => distributed.permissions(local, journals),
        }
    }

    /// Expiration, with its timers.
    pub(crate) fn expiration(
        &self,
        journal: Journal,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Expiration> {
        match self {
            Self::Embedded(_) => Ok(Expiration::with_rows(journal, clock)),
            Self::Distributed(distributed) => distributed.expiration(journal, clock),
        }
    }

    /// What carries events to and from this process, and tells `listening` of all others' as well.
    /// What hears them is started on `work`, and what has to outlast all others on `lasting`.
    pub(crate) fn bus(
        &self,
        subscriptions: Vec<Subscription>,
        listening: Option<Listening>,
        work: &Work,
        lasting: &Work,
    ) -> anyhow::Result<Arc<dyn Bus>> {
        match self {
            Self::Embedded(embedded) => Ok(embedded.bus(subscriptions, listening)),
            Self::Distributed(distributed) => {
                distributed.bus(subscriptions, listening, work, lasting)
            }
        }
    }

    /// Lets `listening` hear of events where this process has none to tell or to handle.
    pub(crate) fn start_listening(&self, listening: Option<Listening>, work: &Work) {
        match self {
            // there every process has
            Self::Embedded(_) => {}
            Self::Distributed(distributed) => distributed.start_listening(listening, work),
        }
    }

    /// Starts what sees to it that every open reservation has a timer, where timers may be lost.
    pub(crate) fn start_rebuilding(
        &self,
        orders: Option<&Orders>,
        work: &Work,
    ) -> anyhow::Result<()> {
        match self {
            Self::Embedded(_) => Ok(()),
            Self::Distributed(distributed) => distributed.start_rebuilding(orders, work),
        }
    }

    /// The routes of other processes, where this one is the gateway.
    pub(crate) fn routes(&self, protection: &Arc<Protection>) -> Router {
        match self {
            Self::Embedded(_) => Router::new(),
            Self::Distributed(distributed) => distributed.routes(protection),
        }
    }

    /// What auth has for other services.
    pub(crate) fn auth_routes(&self, auth: &Auth) -> Router {
        match self {
            Self::Embedded(_) => Router::new(),
            Self::Distributed(distributed) => distributed.auth_routes(auth),
        }
    }

    /// What orders has for other services.
    pub(crate) fn orders_routes(&self, orders: &Orders) -> Router {
        match self {
            Self::Embedded(_) => Router::new(),
            Self::Distributed(distributed) => distributed.orders_routes(orders),
        }
    }

    /// By what services know each other.
    pub(crate) fn service_key(&self) -> Option<ServiceKey> {
        match self {
            Self::Embedded(_) => None,
            Self::Distributed(distributed) => distributed.service_key().cloned(),
        }
    }

    /// What counts requests for all processes.
    pub(crate) fn cells(&self) -> Option<Arc<dyn SharedCells>> {
        match self {
            Self::Embedded(_) => None,
            Self::Distributed(distributed) => distributed.cells(),
        }
    }

    /// Whether requests are counted here.
    pub(crate) fn limits_requests(&self) -> bool {
        match self {
            Self::Embedded(_) => true,
            Self::Distributed(distributed) => distributed.limits_requests(),
        }
    }

    /// What this process needs beside its databases.
    pub(crate) fn dependencies(&self) -> Vec<Dependency> {
        match self {
            Self::Embedded(_) => Vec::new(),
            Self::Distributed(distributed) => distributed.dependencies(),
        }
    }
}

/// The database of one context, which an exchange may be using; to be closed in the end.
pub(crate) async fn journal_beside(
    settings: &Settings,
    database: Database,
    own: &[Migration],
) -> anyhow::Result<Journal> {
    let migrations = [outbox::MIGRATIONS, own].concat();
    if settings.distributed.has_server() {
        let options = databases::options(&settings.distributed, database)?;
        return Ok(Journal::shared(Store::connect_beside(options, &migrations).await?));
    }
    let data = DataFolder::existing(&settings.data)?;
    let path = data.join(data_folder::file_of(database));
    anyhow::ensure!(path.exists(), "there is no {}", path.display());
    Ok(Journal::new(Store::open_beside(&path, &migrations)?))
}
