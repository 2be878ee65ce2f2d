//! Signing out: `DELETE /self-service/logout/api` for native clients; for browsers
//! `GET /self-service/logout/browser`, which makes a link, and `GET /self-service/logout`, the
//! link. It works in one browser only, so that no other site can sign anybody out.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::client::Client;
use super::failure::Failure;
use super::kratos::error::KratosError;
use super::kratos::forms::LogoutForm;
use super::submission::Submission;
use super::{addresses, cookies};
use crate::commands::sign_out::{self, SignOutError};
use crate::context::Auth;
use crate::domain::csrf::CsrfSecret;
use crate::random::random;

const UNKNOWN: &str = "The provided Ory Session Token could not be found, is invalid, or \
     otherwise malformed.";
const OF_ANOTHER: &str = "Unable to log out because the logout token in the URL query does not \
     match the session cookie.";

/// Signs a native client out.
#[utoipa::path(
    delete,
    path = "/self-service/logout/api",
    tag = "identity",
    request_body = LogoutForm,
    responses(
        (status = 204, description = "The session is over."),
        (status = 400, description = "A field is wrong.", body = KratosError),
        (status = 403, description = "There is no such session.", body = KratosError),
        (status = 415, description = "The body is not JSON.", body = KratosError),
    ),
    security(()),
)]
pub(super) async fn sign_out(
    State(auth): State<Auth>,
    mut submission: Submission,
) -> Result<StatusCode, Failure> {
    let token = submission.text_if_any("session_token").unwrap_or_default();
    match sign_out::sign_out(&auth, &token, auth.now()).await {
        Ok(_executed_or_earlier) => Ok(StatusCode::NO_CONTENT),
        Err(SignOutError::UnknownToken) => Err(KratosError::forbidden(UNKNOWN).into()),
        Err(SignOutError::Store(error)) => Err(error.into()),
    }
}

/// How a browser signs out.
#[derive(Serialize, ToSchema)]
#[schema(as = Logout)]
struct LogoutDocument {
    /// To be opened as a link.
    logout_url: String,
    /// To be sent by a script.
    logout_token: String,
}

/// Makes the link by which a browser signs out.
#[utoipa::path(
    get,
    path = "/self-service/logout/browser",
    tag = "identity",
    params(("return_to" = Option<String>, Query, description = "Where to go then: a path.")),
    responses(
        (status = 200, description = "The link.", body = LogoutDocument),
        (status = 400, description = "`return_to` leads elsewhere.", body = KratosError),
        (status = 401, description = "Nobody is signed in.", body = KratosError),
    ),
)]
pub(super) async fn link(
    State(auth): State<Auth>,
    uri: Uri,
    client: Client,
) -> Result<Response, Failure> {
    let return_to = addresses::return_to(&auth, &uri)?;
    let opened = client.session_of_browser(&auth, auth.now()).await?;
    let logout_token = opened.ok_or_else(KratosError::session_inactive)?.token.logout_token();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("token", &logout_token);
    if let Some(return_to) = return_to {
        query.append_pair("return_to", return_to.as_str());
    }
    let query = query.finish();
    let logout_url = format!("{}/self-service/logout?{query}", auth.options().public_url);
    Ok(Json(LogoutDocument { logout_url, logout_token }).into_response())
}

/// Signs a browser out.
#[utoipa::path(
    get,
    path = "/self-service/logout",
    tag = "identity",
    params(
        ("token" = String, Query, description = "The `logout_token`."),
        ("return_to" = Option<String>, Query, description = "Where to go then: a path."),
    ),
    responses(
        (status = 204, description = "The session is over."),
        (status = 303, description = "To a browser that doesn't ask for JSON."),
        (status = 400, description = "A parameter is wrong.", body = KratosError),
        (status = 401, description = "Nobody is signed in.", body = KratosError),
        (status = 403, description = "The token is of another session.", body = KratosError),
    ),
)]
pub(super) async fn by_link(
    State(auth): State<Auth>,
    uri: Uri,
    client: Client,
) -> Result<Response, Failure> {
    let now = auth.now();
    let return_to = addresses::return_to(&auth, &uri)?;
    let token = addresses::param(&uri, "token").filter(|token| !token.is_empty());
    let token = token
        .ok_or_else(|| KratosError::bad_request("Please include a token in the URL query."))?;
    let opened = client.session_of_browser(&auth, now).await?;
    let opened = opened.ok_or_else(KratosError::session_inactive)?;
    if !opened.token.is_logout_token(&token) {
        return Err(KratosError::forbidden(OF_ANOTHER).into());
    }
    match sign_out::sign_out(&auth, opened.token.expose(), now).await {
        // an unknown token by now: housekeeping came in between, and the session is over as well
        Ok(_) | Err(SignOutError::UnknownToken) => {}
        Err(SignOutError::Store(error)) => return Err(error.into()),
    }
    let secret = CsrfSecret::new(random()?);
    let kept = [cookies::of_no_session(&auth), cookies::of_csrf(&auth, &secret)];
    let kept: Vec<_> =
        kept.into_iter().flatten().map(|cookie| (header::SET_COOKIE, cookie)).collect();
    let answer = if client.reads_json {
        StatusCode::NO_CONTENT.into_response()
    } else {
        let home = || addresses::home(&auth);
        Redirect::to(&return_to.map_or_else(home, |it| it.to_string())).into_response()
    };
    Ok((AppendHeaders(kept), answer).into_response())
}
