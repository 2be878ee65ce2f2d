//! Routes that services have for each other, and for nobody else: they take the service key.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use kernel::Refusal;
use ory::ServiceKey;

use crate::problem::Error;

/// `routes`, for who shows `key`.
pub fn internal(routes: Router, key: &ServiceKey) -> Router {
    routes.route_layer(from_fn_with_state(key.clone(), require))
}

async fn require(State(key): State<ServiceKey>, request: Request, next: Next) -> Response {
    if key.is_shown(request.headers()) {
        next.run(request).await
    } else {
        Error::from(Refusal::unauthenticated()).into_response()
    }
}
