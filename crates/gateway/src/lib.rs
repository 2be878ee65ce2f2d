//! The public edge: every context's routes as one API, its health, and what holds for every
//! request.

mod health;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
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

/// All of `contexts` as one service, with the `documents` that tell of them.
pub fn router(contexts: Vec<Mounted>, documents: Router, clock: Arc<dyn Clock>) -> Router {
    let mut all = documents;
    let mut checked = Vec::new();
    for Mounted { name, routes, journal } in contexts {
        checked.push((name, journal));
        all = all.merge(routes.unwrap_or_default());
    }
    let health = Router::new().route("/api/health", get(health::health)).with_state(checked.into());
    http_kit::edge::edge(all.merge(health), clock)
}
