//! Flows: to start one, to look at one, to find the one that a form is for, to hand a form back.

use axum::Json;
use axum::extract::{OriginalUri, Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use kernel::{FlowId, Timestamp};

use super::failure::Failure;
use super::kratos::error::{KratosError, minutes};
use super::kratos::flow::FlowDocument;
use crate::commands::refuse_flow::refuse_flow;
use crate::commands::replace_flow::replace_flow;
use crate::commands::start_flow::start_flow;
use crate::context::Auth;
use crate::domain::flow::{Flow, FlowKind, Form};
use crate::queries::find_flow::find_flow;

/// The longest path and query of a flow's first request that is kept; of a longer one, the path.
const REQUEST_MAX: usize = 2048;

type Answer = Result<Response, Failure>;

/// `GET /self-service/registration/api`
pub(super) async fn start_registration(
    State(auth): State<Auth>,
    OriginalUri(uri): OriginalUri,
) -> Answer {
    start(&auth, FlowKind::Registration, &uri).await
}

/// `GET /self-service/login/api`
pub(super) async fn start_login(State(auth): State<Auth>, OriginalUri(uri): OriginalUri) -> Answer {
    start(&auth, FlowKind::Login, &uri).await
}

/// `GET /self-service/registration/flows?id=…`
pub(super) async fn show_registration(State(auth): State<Auth>, uri: Uri) -> Answer {
    show(&auth, FlowKind::Registration, &uri).await
}

/// `GET /self-service/login/flows?id=…`
pub(super) async fn show_login(State(auth): State<Auth>, uri: Uri) -> Answer {
    show(&auth, FlowKind::Login, &uri).await
}

async fn start(auth: &Auth, kind: FlowKind, uri: &Uri) -> Answer {
    let flow = start_flow(auth, kind, request_url(auth, uri), auth.now()).await?;
    Ok(document(auth, &flow, StatusCode::OK))
}

async fn show(auth: &Auth, kind: FlowKind, uri: &Uri) -> Answer {
    let id = flow_id(uri, "id").ok_or_else(KratosError::not_found)?;
    let flow = find_flow(auth, kind, id).await?.ok_or_else(KratosError::not_found)?;
    if flow.is_expired(auth.now()) {
        return Err(flow_has_expired(auth, kind).into());
    }
    Ok(document(auth, &flow, StatusCode::OK))
}

/// The live flow that a form was submitted for. One that has expired is replaced, and its client
/// told by which.
pub(super) async fn of_form(
    auth: &Auth,
    kind: FlowKind,
    uri: &Uri,
    now: Timestamp,
) -> Result<Flow, Failure> {
    let id = flow_id(uri, "flow").ok_or_else(|| {
        KratosError::bad_request("The flow query parameter is missing or malformed.")
    })?;
    let flow = find_flow(auth, kind, id).await?.ok_or_else(KratosError::not_found)?;
    if !flow.is_expired(now) {
        return Ok(flow);
    }
    let next = replace_flow(auth, &flow, now).await?;
    Err(form_came_too_late(&flow, next.id, now).into())
}

/// Hands the form back with what was wrong.
pub(super) async fn refuse(auth: &Auth, flow: Flow, form: Form, now: Timestamp) -> Answer {
    let flow = refuse_flow(auth, flow, form, now).await?;
    Ok(document(auth, &flow, StatusCode::BAD_REQUEST))
}

fn document(auth: &Auth, flow: &Flow, status: StatusCode) -> Response {
    (status, Json(FlowDocument::of(flow, &auth.options().public_url))).into_response()
}

fn flow_has_expired(auth: &Auth, kind: FlowKind) -> KratosError {
    let (kind, public_url) = (kind.as_str(), &auth.options().public_url);
    let reason = format!(
        "The {kind} flow has expired. Call the {kind} flow init API endpoint to initialize a new \
         {kind} flow."
    );
    let api = format!("{public_url}/self-service/{kind}/api");
    KratosError::flow_expired(reason).with_details(serde_json::json!({ "api": api }))
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

/// The flow's id in the query parameter `name`.
fn flow_id(uri: &Uri, name: &str) -> Option<FlowId> {
    let Query(params) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    let (_, id) = params.iter().find(|(key, _)| key == name)?;
    FlowId::parse(id).ok()
}

fn request_url(auth: &Auth, uri: &Uri) -> String {
    let whole = uri.path_and_query().map_or("/", |whole| whole.as_str());
    let kept = if whole.len() <= REQUEST_MAX { whole } else { uri.path() };
    format!("{}{kept}", auth.options().public_url)
}
