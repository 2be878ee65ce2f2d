//! Keto's API (<https://www.ory.com/docs/keto/reference/rest-api>), for the other services of the
//! exchange: [`check`] (may somebody do something), [`list`] (which tuples there are), [`write`].
//! Public documents don't tell of it, and it takes the service key.

mod check;
mod list;
mod write;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, put};
use ory::http::keto::wire::WireError;
use ory::{Permissions, ServiceKey};

use super::failure::Failure;
use super::kratos::error::KratosError;
use crate::context::Auth;

/// What the routes have.
#[derive(Clone)]
struct Keto {
    auth: Auth,
    permissions: Arc<dyn Permissions>,
}

/// The routes, for who shows `key`. What is asked of `permissions` is answered from the same
/// tuples that are listed and written here.
pub fn keto(auth: Auth, permissions: Arc<dyn Permissions>, key: &ServiceKey) -> Router {
    let routes = Router::new()
        .route("/relation-tuples", get(list::list))
        .route("/relation-tuples/check", get(check::by_query).post(check::by_body))
        .route(
            "/relation-tuples/check/openapi",
            get(check::by_query_openly).post(check::by_body_openly),
        )
        .route(
            "/admin/relation-tuples",
            put(write::create).delete(write::delete).patch(write::patch),
        )
        .with_state(Keto { auth, permissions });
    http_kit::internal(routes, key)
}

/// A request that can't be understood. Keto and Kratos say so in the same JSON.
struct Malformed(Box<KratosError>);

fn malformed(error: impl std::fmt::Display) -> Malformed {
    Malformed(Box::new(KratosError::bad_request(error.to_string())))
}

impl From<WireError> for Malformed {
    fn from(error: WireError) -> Self {
        malformed(error)
    }
}

impl From<Malformed> for Failure {
    fn from(Malformed(error): Malformed) -> Self {
        Self::Kratos(error)
    }
}
