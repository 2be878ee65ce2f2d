//! The public edge: every context's routes as one API, its health, its metrics, and what
//! holds for every request. Routes of services that run for themselves are passed on ([`proxy`]).

mod error_pages;
mod health;
mod metrics;
pub mod proxy;

use std::sync::Arc;

use axum::Router;
use kernel::Clock;
use outbox::Journal;
use telemetry::metrics::Recorder;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use health::vitals::{Ask, Dependency, Health, Limits};
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
    /// What it needs beside its databases.
    pub dependencies: Vec<Dependency>,
}

/// All of `contexts` as one service, with `others` (the documents that tell of them, the routes
/// of other processes), to be wrapped by `http_kit::edge`.
pub fn router(
    contexts: Vec<Mounted>,
    others: Router,
    clock: &Arc<dyn Clock>,
    watched: Watched,
) -> Router {
    let mut all = others;
    let mut checked = Vec::new();
    for Mounted { name, routes, journal } in contexts {
        checked.push((name, journal));
        all = all.merge(routes.unwrap_or_default());
    }
    all.merge(watching(checked, clock, watched)).merge(Router::from(error_routes()))
}

/// What the gateway's own routes answer.
#[must_use]
pub fn api() -> OpenApi {
    let mut all = health_routes().into_openapi();
    all.merge(metrics_routes().into_openapi());
    all.merge(error_routes().into_openapi());
    all
}

/// The pages that the problems' types lead to.
fn error_routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(error_pages::list)).routes(routes!(error_pages::page))
}

fn health_routes() -> OpenApiRouter<Arc<Health>> {
    OpenApiRouter::new()
        .routes(routes!(health::overall))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::of_context))
}

fn metrics_routes() -> OpenApiRouter<Arc<metrics::Scrape>> {
    OpenApiRouter::new().routes(routes!(metrics::metrics))
}

/// The routes of those who watch.
fn watching(
    contexts: Vec<(&'static str, Journal)>,
    clock: &Arc<dyn Clock>,
    watched: Watched,
) -> Router {
    let Watched { limits, stopping, recorder, access, gauges, dependencies } = watched;
    let clock = Arc::clone(clock);
    let health = Arc::new(Health::new(contexts, dependencies, limits, clock, stopping));
    let counted = Mutex::new(None);
    let scrape = metrics::Scrape { access, recorder, health: Arc::clone(&health), gauges, counted };
    let metrics = metrics_routes().with_state(Arc::new(scrape));
    health_routes().with_state(health).merge(metrics).into()
}
