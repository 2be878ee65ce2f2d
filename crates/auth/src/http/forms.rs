//! Submitted forms: the flow that one is for, whether it may be taken, and how it is handed back.

use axum::http::{StatusCode, Uri, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use kernel::{FlowId, Timestamp};
use serde::Serialize;

use super::client::Client;
use super::failure::Failure;
use super::kratos::error::{KratosError, minutes};
use super::submission::Submission;
use super::{addresses, cookies, flows};
use crate::commands::Opened;
use crate::commands::refuse_flow::refuse_flow;
use crate::commands::replace_flow::replace_flow;
use crate::context::Auth;
use crate::domain::csrf::CsrfSecret;
use crate::domain::flow::{Flow, FlowKind, Form};
use crate::domain::identity::Identity;
use crate::queries::find_flow::find_flow;
use crate::random::random;

/// The flow in the query. It may be over; see [`in_time`].
pub(super) async fn flow_of(auth: &Auth, kind: FlowKind, uri: &Uri) -> Result<Flow, Failure> {
    let id = addresses::flow_id(uri, "flow").ok_or_else(|| {
        KratosError::bad_request("The flow query parameter is missing or malformed.")
    })?;
    Ok(find_flow(auth, kind, id).await?.ok_or_else(KratosError::not_found)?)
}

/// Refuses a form whose flow has expired. The flow is replaced, and its client told by which.
pub(super) async fn in_time(
    auth: &Auth,
    flow: &Flow,
    client: &Client,
    now: Timestamp,
) -> Result<(), Failure> {
    if !flow.is_expired(now) {
        return Ok(());
    }
    let next = replace_flow(auth, flow, now).await?;
    if flow.is_of_browser() && !client.reads_json {
        return Err(Failure::SeeOther(addresses::page_of(auth, flow.purpose.kind, next.id)));
    }
    Err(form_came_too_late(flow, next.id, now).into())
}

/// Whether the form comes from where its flow was given to. Answers it without its token.
///
/// A native client's form with a cookie or from a page is a browser's that was led astray; a
/// browser's form has to show the token of its flow.
pub(super) fn accept(
    flow: &Flow,
    client: &Client,
    submission: Result<Submission, Failure>,
) -> Result<Submission, Failure> {
    let secret = flows::secret_of(flow, client)?;
    let mut submission = submission?;
    let token = submission.csrf_token().or_else(|| client.csrf_header.clone());
    let Some(secret) = secret else {
        if submission.is_form {
            return Err(KratosError::unsupported_media_type().into());
        }
        return not_astray(client).map(|()| submission);
    };
    if secret.made(token.as_deref().unwrap_or_default(), flow.id) {
        return Ok(submission);
    }
    let hint = "The anti-CSRF cookie was found but the CSRF token of this flow was included \
                neither in the HTTP request body (csrf_token) nor in the HTTP Header \
                (X-CSRF-Token).";
    Err(KratosError::csrf_violation(hint).into())
}

fn not_astray(client: &Client) -> Result<(), Failure> {
    let header = match client {
        Client { has_origin: true, .. } => "Origin",
        Client { has_cookies: true, .. } => "Cookie",
        _ => return Ok(()),
    };
    let reason = format!(
        "The HTTP Request Header included the \"{header}\" key, indicating that this request was \
         made by a Browser. The flow however was initiated as an API request. To prevent \
         potential misuse and mitigate several attack vectors including CSRF, the request has \
         been blocked. Please consult the documentation."
    );
    Err(KratosError::bad_request(reason).into())
}

/// Hands the form back with what was wrong.
pub(super) async fn refuse(
    auth: &Auth,
    flow: Flow,
    form: Form,
    (client, identity): (&Client, Option<&Identity>),
    now: Timestamp,
) -> Result<Response, Failure> {
    let flow = refuse_flow(auth, flow, form, now).await?;
    if flow.is_of_browser() && !client.reads_json {
        let page = addresses::page_of(auth, flow.purpose.kind, flow.id);
        return Ok(Redirect::to(&page).into_response());
    }
    let secret = flows::secret_of(&flow, client)?;
    flows::document(auth, &flow, secret, identity, StatusCode::BAD_REQUEST)
}

/// Answers a form that opened a session with `document`. A browser keeps the session, and gets a
/// new secret for its forms: what was known of it before somebody signed in is worth nothing.
pub(super) fn opened(
    auth: &Auth,
    flow: &Flow,
    client: &Client,
    (opened, document): (&Opened, impl Serialize),
    now: Timestamp,
) -> Result<Response, Failure> {
    let json = axum::Json(document);
    if !flow.is_of_browser() {
        return Ok(json.into_response());
    }
    let secret = CsrfSecret::new(random()?);
    let kept = [cookies::of_session(auth, opened, now), cookies::of_csrf(auth, &secret)];
    let kept: Vec<_> =
        kept.into_iter().flatten().map(|cookie| (header::SET_COOKIE, cookie)).collect();
    let answer = if client.reads_json {
        json.into_response()
    } else {
        Redirect::to(&addresses::after(auth, flow)).into_response()
    };
    Ok((AppendHeaders(kept), answer).into_response())
}

fn form_came_too_late(flow: &Flow, next: FlowId, now: Timestamp) -> KratosError {
    let since = now.until(flow.expires_at);
    let ago = minutes(since);
    KratosError::flow_expired(format!(
        "The self-service flow expired {ago} minutes ago, initialize a new one."
    ))
    .with_message("self-service flow expired")
    .with_next_flow(flow.expires_at, since, next)
}
