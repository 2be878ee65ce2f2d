//! Where things are: the pages for people, and the places where flows begin.

use axum::extract::Query;
use axum::http::Uri;
use kernel::FlowId;

use super::failure::Failure;
use super::kratos::error::KratosError;
use crate::context::Auth;
use crate::domain::flow::{Flow, FlowKind};
use crate::domain::return_to::ReturnTo;

/// The longest path and query of a flow's first request that is kept; of a longer one, the path.
const REQUEST_MAX: usize = 2048;

/// The page that shows the form of `flow`.
pub(super) fn page_of(auth: &Auth, kind: FlowKind, flow: FlowId) -> String {
    format!("{}/{}?flow={flow}", auth.options().public_url, kind.as_str())
}

/// Where a flow of `kind` begins, for the client of `flow`.
pub(super) fn beginning_of(auth: &Auth, kind: FlowKind, channel: &str) -> String {
    format!("{}/self-service/{}/{channel}", auth.options().public_url, kind.as_str())
}

/// Where a browser signs in that wants to go on at `return_to`.
pub(super) fn sign_in(auth: &Auth, is_refresh: bool, return_to: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if is_refresh {
        query.append_pair("refresh", "true");
    }
    let query = query.append_pair("return_to", return_to).finish();
    format!("{}?{query}", beginning_of(auth, FlowKind::Login, "browser"))
}

/// Where a browser goes when it was not asked to go anywhere.
pub(super) fn home(auth: &Auth) -> String {
    format!("{}/", auth.options().public_url)
}

/// Where the browser of `flow` goes after its success.
pub(super) fn after(auth: &Auth, flow: &Flow) -> String {
    match (flow.return_to(), flow.purpose.kind) {
        (Some(return_to), _) => return_to.to_string(),
        (None, FlowKind::Settings) => page_of(auth, FlowKind::Settings, flow.id),
        (None, FlowKind::Registration | FlowKind::Login) => home(auth),
    }
}

/// The value of the query parameter `name`; the first, when it stands there more than once.
pub(super) fn param(uri: &Uri, name: &str) -> Option<String> {
    let Query(params) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    params.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// The flow's id in the query parameter `name`.
pub(super) fn flow_id(uri: &Uri, name: &str) -> Option<FlowId> {
    FlowId::parse(&param(uri, name)?).ok()
}

/// The query parameter `return_to`, which must not lead away from here.
pub(super) fn return_to(auth: &Auth, uri: &Uri) -> Result<Option<ReturnTo>, Failure> {
    let Some(text) = param(uri, "return_to") else { return Ok(None) };
    let here = ReturnTo::parse(&text, &auth.options().public_url);
    Ok(Some(here.ok_or_else(KratosError::return_to_forbidden)?))
}

/// The URL that was asked for.
pub(super) fn request_url(auth: &Auth, uri: &Uri) -> String {
    let whole = uri.path_and_query().map_or("/", |whole| whole.as_str());
    let kept = if whole.len() <= REQUEST_MAX { whole } else { uri.path() };
    format!("{}{kept}", auth.options().public_url)
}
