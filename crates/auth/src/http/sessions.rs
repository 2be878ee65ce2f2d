//! `GET` and `DELETE /sessions`, `DELETE /sessions/{id}`: the other sign-ins of who asks.
//!
//! Pages are Kratos' (`page_size`, `page_token`, the header `Link`), and exact while sessions come
//! and go: a token is the id that its page begins with.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use kernel::{SessionId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::addresses;
use super::client::Client;
use super::failure::Failure;
use super::kratos::error::KratosError;
use super::kratos::session::SessionDocument;
use crate::commands::revoke_sessions::{revoke_all_others, revoke_session_of};
use crate::context::Auth;
use crate::domain::session::Session;
use crate::queries::list_sessions::{count_others, list_others};

/// Sessions on a page when the client doesn't say, and at most.
const SIZE_DEFAULT: u32 = 250;
const SIZE_MAX: u32 = 500;

const TOTAL: &str = "x-total-count";

/// Lists the caller's other sessions.
#[utoipa::path(
    get,
    path = "/sessions",
    tag = "identity",
    params(
        ("page_size" = Option<u32>, Query, minimum = 1, maximum = 500,
            description = "250 if nothing is said."),
        ("page_token" = Option<String>, Query, description = "From the header `Link`."),
    ),
    responses(
        (status = 200, description = "A page of sessions.", body = Vec<SessionDocument<'static>>,
            headers(("Link" = String), ("X-Total-Count" = String))),
        (status = 400, description = "A parameter is wrong.", body = KratosError),
        (status = 401, description = "Nobody is signed in.", body = KratosError),
    ),
)]
pub(super) async fn list(
    State(auth): State<Auth>,
    uri: Uri,
    client: Client,
) -> Result<Response, Failure> {
    let now = auth.now();
    let present = present(&auth, &client, now).await?;
    let (size, first) = page(&uri)?;
    let total = count_others(&auth, &present, now).await?;
    let (sessions, next) = list_others(&auth, &present, first, size, now).await?;
    let public_url = &auth.options().public_url;
    let documents: Vec<_> =
        sessions.iter().map(|session| SessionDocument::of(session, public_url)).collect();
    let headers = [(header::LINK.as_str(), links(size, next)), (TOTAL, total.to_string())];
    Ok((headers, Json(documents)).into_response())
}

/// How many sessions were ended.
#[derive(Serialize, ToSchema)]
#[schema(as = RevokedSessions)]
struct Revoked {
    #[schema(minimum = 0)]
    count: i64,
}

/// Ends all other sessions of the caller.
#[utoipa::path(
    delete,
    path = "/sessions",
    tag = "identity",
    responses(
        (status = 200, description = "How many there were.", body = Revoked),
        (status = 401, description = "Nobody is signed in.", body = KratosError),
        (status = 409, description = "`conflict`: others came and went all the while. None was \
            ended; try again."),
    ),
)]
pub(super) async fn revoke_all(
    State(auth): State<Auth>,
    client: Client,
) -> Result<Response, Failure> {
    let now = auth.now();
    let present = present(&auth, &client, now).await?;
    let count = revoke_all_others(&auth, &present, now).await?;
    Ok(Json(Revoked { count }).into_response())
}

/// Ends another session of the caller.
///
/// The answer is the same for a session of somebody else, and for none at all.
#[utoipa::path(
    delete,
    path = "/sessions/{id}",
    tag = "identity",
    params(("id" = Uuid, Path, description = "The session's id.")),
    responses(
        (status = 204, description = "It is over."),
        (status = 400, description = "It is the present session, or no id.", body = KratosError),
        (status = 401, description = "Nobody is signed in.", body = KratosError),
    ),
)]
pub(super) async fn revoke_one(
    State(auth): State<Auth>,
    Path(id): Path<String>,
    client: Client,
) -> Result<StatusCode, Failure> {
    let now = auth.now();
    let present = present(&auth, &client, now).await?;
    let id = SessionId::parse(&id)
        .map_err(|rule| KratosError::bad_request(format!("The id of the session {rule}.")))?;
    if id == present.id {
        return Err(KratosError::bad_request(
            "The current session is not ended here: sign out instead.",
        )
        .into());
    }
    revoke_session_of(&auth, &present, id, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn present(auth: &Auth, client: &Client, now: Timestamp) -> Result<Session, Failure> {
    let opened = client.session(auth, now).await?;
    Ok(opened.ok_or_else(KratosError::session_inactive)?.session)
}

/// The page's size, and the id it begins with. `per_page` is the older name of `page_size`.
fn page(uri: &Uri) -> Result<(u32, Option<SessionId>), Failure> {
    let size = addresses::param(uri, "page_size").or_else(|| addresses::param(uri, "per_page"));
    let size = match size.map(|text| text.parse()) {
        None => SIZE_DEFAULT,
        Some(Ok(size @ 1..=SIZE_MAX)) => size,
        Some(_) => {
            let reason = format!("page_size must be a whole number from 1 to {SIZE_MAX}.");
            return Err(KratosError::bad_request(reason).into());
        }
    };
    let token = addresses::param(uri, "page_token").filter(|token| !token.is_empty());
    let first = token.map(|token| SessionId::parse(&token)).transpose();
    let first =
        first.map_err(|_| KratosError::bad_request("page_token must be one of a Link header."))?;
    Ok((size, first))
}

/// RFC 8288: where the first page is, and the next one, if there is one.
fn links(size: u32, next: Option<SessionId>) -> String {
    let first = format!("</sessions?page_size={size}>; rel=\"first\"");
    next.map_or(first.clone(), |id| {
        format!("{first},</sessions?page_size={size}&page_token={id}>; rel=\"next\"")
    })
}
