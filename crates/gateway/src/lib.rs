//! The public edge: every context's routes as one API, its health, and what holds for every
//! request.

mod error_pages;
mod health;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use http_kit::protection::Protection;
use kernel::Clock;
use outbox::Journal;

/// A context as the gateway sees it.
pub struct Mounted {
    /// Its name, such as `orders`.
    pub name: &'static str,
    /// Its routes, if it has any.
    pub routes: Option<Router>,
    /// Its database, for its health.
    pub journal: Journal,
}

/// All of `contexts` as one service, behind `protection`.
pub fn router(
    contexts: Vec<Mounted>,
    clock: Arc<dyn Clock>,
    protection: Arc<Protection>,
) -> Router {
    let mut all = Router::new();
    let mut checked = Vec::new();
    for Mounted { name, routes, journal } in contexts {
        checked.push((name, journal));
        all = all.merge(routes.unwrap_or_default());
    }
    let health = Router::new().route("/api/health", get(health::health)).with_state(checked.into());
    let errors = Router::new()
        .route("/errors", get(error_pages::list))
        .route("/errors/{id}", get(error_pages::page));
    http_kit::edge::protected(all.merge(health).merge(errors), clock, protection)
}
