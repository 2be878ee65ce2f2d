//! The routes. Those of Kratos' API answer in Kratos' JSON ([`kratos`]), refusals included; what
//! is our own fault leaves as a problem document there, too, because its cause is logged at the
//! edge. `/api/users/current-user` is the exchange's own.

mod addresses;
mod client;
mod cookies;
mod current_user;
mod failure;
mod flows;
mod forms;
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
use axum::routing::{delete, get, post};
use ory::Sessions;

use crate::context::Auth;

/// The routes of this context, to be wrapped by `http_kit::edge`.
pub fn router(auth: Auth) -> Router {
    let private = Router::new()
        .route("/self-service/registration/api", get(flows::registration_api))
        .route("/self-service/registration/browser", get(flows::registration_browser))
        .route("/self-service/registration/flows", get(flows::show_registration))
        .route("/self-service/registration", post(register::register))
        .route("/self-service/login/api", get(flows::login_api))
        .route("/self-service/login/browser", get(flows::login_browser))
        .route("/self-service/login/flows", get(flows::show_login))
        .route("/self-service/login", post(sign_in::sign_in))
        .route("/self-service/settings/api", get(flows::settings_api))
        .route("/self-service/settings/browser", get(flows::settings_browser))
        .route("/self-service/settings/flows", get(flows::show_settings))
        .route("/self-service/settings", post(settings::change_settings))
        .route("/self-service/logout/api", delete(sign_out::sign_out))
        .route("/self-service/logout/browser", get(sign_out::link))
        .route("/self-service/logout", get(sign_out::by_link))
        .route("/sessions", get(sessions::list).delete(sessions::revoke_all))
        .route("/sessions/{id}", delete(sessions::revoke_one))
        .route("/sessions/whoami", get(whoami::whoami))
        .route("/api/users/current-user", get(current_user::current_user))
        .layer(map_response(never_cached));
    private.route("/schemas/{id}", get(kratos::schema::show_schema)).with_state(auth)
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
