//! The routes. Those of Kratos' API answer in Kratos' JSON ([`kratos`]), refusals included; what
//! is our own fault leaves as a problem document there, too, because its cause is logged at the
//! edge. `/api/users/current-user` is the exchange's own. Keto's API ([`keto`]) is for the other
//! services, where they run for themselves.

mod addresses;
mod client;
mod cookies;
mod current_user;
mod failure;
mod flows;
mod forms;
mod keto;
mod kratos;
mod register;
mod sessions;
mod settings;
mod sign_in;
mod sign_out;
mod submission;
mod whoami;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;
use ory::Sessions;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::context::Auth;

pub use keto::keto;

/// The routes of this context, to be wrapped by `http_kit::edge`.
pub fn router(auth: Auth) -> Router {
    routes().with_state(auth).into()
}

/// What the routes take and answer.
#[must_use]
pub fn api() -> OpenApi {
    routes().into_openapi()
}

fn routes() -> OpenApiRouter<Auth> {
    let private = OpenApiRouter::new()
        .routes(routes!(flows::registration_api))
        .routes(routes!(flows::registration_browser))
        .routes(routes!(flows::show_registration))
        .routes(routes!(register::register))
        .routes(routes!(flows::login_api))
        .routes(routes!(flows::login_browser))
        .routes(routes!(flows::show_login))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(flows::settings_api))
        .routes(routes!(flows::settings_browser))
        .routes(routes!(flows::show_settings))
        .routes(routes!(settings::change_settings))
        .routes(routes!(sign_out::sign_out))
        .routes(routes!(sign_out::link))
        .routes(routes!(sign_out::by_link))
        .routes(routes!(sessions::list, sessions::revoke_all))
        .routes(routes!(sessions::revoke_one))
        .routes(routes!(whoami::whoami))
        .routes(routes!(current_user::current_user))
        .layer(map_response(never_cached));
    private.routes(routes!(kratos::schema::show_schema))
}

/// Tokens and people's addresses are nobody else's to keep.
async fn never_cached(mut response: Response) -> Response {
    let private = HeaderValue::from_static("private, no-cache, no-store, must-revalidate");
    response.headers_mut().insert(header::CACHE_CONTROL, private);
    response
}

impl FromRef<Auth> for Arc<dyn Sessions> {
    fn from_ref(auth: &Auth) -> Self {
        auth.sessions()
    }
}
