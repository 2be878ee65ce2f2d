//! `GET /sessions/whoami`

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use http_kit::{UserLimit, session_token};

use super::failure::Failure;
use super::kratos::error::KratosError;
use super::kratos::session::SessionDocument;
use crate::context::Auth;
use crate::queries;

/// The header in which Kratos tells a proxy who it is.
const IDENTITY_ID: &str = "x-kratos-authenticated-identity-id";

/// Tells who is signed in.
#[utoipa::path(
    get,
    path = "/sessions/whoami",
    tag = "identity",
    responses(
        (status = 200, description = "The session.", body = SessionDocument<'static>),
        (status = 401, description = "Nobody is signed in.", body = KratosError),
    ),
)]
pub(super) async fn whoami(
    State(auth): State<Auth>,
    headers: HeaderMap,
    limit: UserLimit,
) -> Result<Response, Failure> {
    let session = match session_token(&headers) {
        Some(token) => queries::whoami::whoami(&auth, token, auth.now()).await?,
        None => None,
    };
    let session = session.ok_or_else(KratosError::unauthorized)?;
    limit.charge(session.identity.user_id).await?;
    let identity_id = [(IDENTITY_ID, session.identity.id.to_string())];
    let document = SessionDocument::of(&session, &auth.options().public_url);
    Ok((identity_id, Json(document)).into_response())
}
