//! The public edge: every context's routes as one API, its health, its metrics, and what
//! holds for every request.

mod error_pages;
mod health;
mod metrics;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use http_kit::protection::Protection;
use kernel::Clock;
use outbox::Journal;
use telemetry::metrics::Recorder;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

pub use health::vitals::{Health, Limits};
pub use metrics::{Access, Gauges};

/// A context as the gateway sees it.
pub struct Mounted {
    /// Its name, such as `orders`.
    pub name: &'static str,
    /// Its routes, if it has any.
    pub routes: Option<Router>,
    /// Its database, for its health.
    pub journal: Journal,
}

/// How the exchange is watched.
pub struct Watched {
    /// When it counts as unwell.
    pub limits: Limits,
    /// Cancelled when it begins to stop.
    pub stopping: CancellationToken,
    /// Where its metrics are.
    pub recorder: Recorder,
    /// Who may read them.
    pub access: Access,
    /// What contexts count when they are read.
    pub gauges: Vec<Gauges>,
}

/// All of `contexts` as one service, with the `documents` that tell of them, behind `protection`.
pub fn router(
    contexts: Vec<Mounted>,
    documents: Router,
    clock: Arc<dyn Clock>,
    watched: Watched,
    protection: Arc<Protection>,
) -> Router {
    let mut all = documents;
    let mut checked = Vec::new();
    for Mounted { name, routes, journal } in contexts {
        checked.push((name, journal));
        all = all.merge(routes.unwrap_or_default());
    }
    let all = all.merge(watching(checked, &clock, watched)).merge(errors());
    http_kit::edge::protected(all, clock, protection)
}

/// The pages that the problems' types lead to.
fn errors() -> Router {
    Router::new()
        .route("/errors", get(error_pages::list))
        .route("/errors/{id}", get(error_pages::page))
}

/// The routes of those who watch.
fn watching(
    contexts: Vec<(&'static str, Journal)>,
    clock: &Arc<dyn Clock>,
    watched: Watched,
) -> Router {
    let Watched { limits, stopping, recorder, access, gauges } = watched;
    let health = Arc::new(Health::new(contexts, limits, Arc::clone(clock), stopping));
    let counted = Mutex::new(None);
    let scrape = metrics::Scrape { access, recorder, health: Arc::clone(&health), gauges, counted };
    let metrics = Router::new().route("/metrics", get(metrics::metrics));
    Router::new()
        .route("/api/health", get(health::overall))
        .route("/api/health/live", get(health::live))
        .route("/api/health/ready", get(health::ready))
        .route("/api/health/{context}", get(health::of_context))
        .with_state(health)
        .merge(metrics.with_state(Arc::new(scrape)))
}
