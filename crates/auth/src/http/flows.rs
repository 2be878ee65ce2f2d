//! Flows: to start one, and to look at one.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use kernel::Timestamp;

use super::client::Client;
use super::failure::Failure;
use super::kratos::error::KratosError;
use super::kratos::flow::FlowDocument;
use super::{addresses, cookies};
use crate::commands::Opened;
use crate::commands::start_flow::start_flow;
use crate::context::Auth;
use crate::domain::csrf::CsrfSecret;
use crate::domain::flow::{Channel, Flow, FlowKind, Purpose};
use crate::domain::identity::Identity;
use crate::domain::return_to::ReturnTo;
use crate::queries::find_flow::find_flow;
use crate::random::random;
use crate::store::{API, BROWSER};

type Answer = Result<Response, Failure>;

/// The routes of one kind of flow, with their paths and who may call them.
macro_rules! routes_of {
    (
        $kind:expr, security($($security:tt)*), params($($params:tt)*), refused($($refused:tt)*),
        $api:literal => $start_api:ident,
        $browser:literal => $start_browser:ident,
        $flows:literal => $show:ident, $foreign:literal
    ) => {
        /// Starts a flow for a native client.
        #[utoipa::path(
            get,
            path = $api,
            tag = "identity",
            params($($params)*),
            responses(
                (status = 200, description = "The flow.", body = FlowDocument<'static>),
                $($refused)*
            ),
            security($($security)*),
        )]
        pub(super) async fn $start_api(
            State(auth): State<Auth>,
            uri: Uri,
            client: Client,
        ) -> Answer {
            start_api(&auth, $kind, &uri, &client).await
        }

        /// Starts a flow for a browser.
        #[utoipa::path(
            get,
            path = $browser,
            tag = "identity",
            params(
                ("return_to" = Option<String>, Query, description = "Where to go then: a path."),
                $($params)*
            ),
            responses(
                (status = 200, description = "The flow.", body = FlowDocument<'static>),
                (status = 303, description = "To a browser that doesn't ask for JSON."),
                (status = 400, description = "A parameter is wrong, or somebody is signed in.",
                    body = KratosError),
                $($refused)*
            ),
            security($($security)*),
        )]
        pub(super) async fn $start_browser(
            State(auth): State<Auth>,
            uri: Uri,
            client: Client,
        ) -> Answer {
            start_browser(&auth, $kind, &uri, client).await
        }

        /// Shows a flow.
        #[utoipa::path(
            get,
            path = $flows,
            tag = "identity",
            params(("id" = Uuid, Query, description = "The flow's id.")),
            responses(
                (status = 200, description = "The flow.", body = FlowDocument<'static>),
                $($refused)*
                (status = 403, description = $foreign, body = KratosError),
                (status = 404, description = "There is no such flow.", body = KratosError),
                (status = 410, description = "It has expired.", body = KratosError),
            ),
            security($($security)*),
        )]
        pub(super) async fn $show(State(auth): State<Auth>, uri: Uri, client: Client) -> Answer {
            show(&auth, $kind, &uri, &client).await
        }
    };
}

routes_of!(
    FlowKind::Registration, security(()), params(), refused(),
    "/self-service/registration/api" => registration_api,
    "/self-service/registration/browser" => registration_browser,
    "/self-service/registration/flows" => show_registration, "It is of another browser."
);
routes_of!(
    FlowKind::Login, security(()),
    params(("refresh" = Option<String>, Query,
        description = "`true` to show the password once more, when somebody is signed in.")),
    refused(),
    "/self-service/login/api" => login_api,
    "/self-service/login/browser" => login_browser,
    "/self-service/login/flows" => show_login, "It is of another browser."
);
routes_of!(
    FlowKind::Settings, security(("sessionToken" = []), ("sessionCookie" = [])),
    params(),
    refused((status = 401, description = "Nobody is signed in.", body = KratosError),),
    "/self-service/settings/api" => settings_api,
    "/self-service/settings/browser" => settings_browser,
    "/self-service/settings/flows" => show_settings,
    "It is of another browser, or of somebody else."
);

async fn start_api(auth: &Auth, kind: FlowKind, uri: &Uri, client: &Client) -> Answer {
    let now = auth.now();
    let is_refresh = is_refresh(kind, uri);
    let needs_session = is_refresh || kind == FlowKind::Settings;
    let session = if needs_session { client.session(auth, now).await? } else { None };
    let purpose = purpose(auth, kind, uri, Channel::Api, session.as_ref())?;
    let email = email_of(&purpose, session.as_ref());
    let flow = start_flow(auth, purpose, email, now).await?;
    let identity = session.as_ref().map(|opened| &opened.session.identity);
    document(auth, &flow, None, identity, StatusCode::OK)
}

async fn start_browser(auth: &Auth, kind: FlowKind, uri: &Uri, client: Client) -> Answer {
    let now = auth.now();
    let return_to = addresses::return_to(auth, uri)?;
    let session = client.session(auth, now).await?;
    if session.is_some() && kind != FlowKind::Settings && !is_refresh(kind, uri) {
        return Err(already_signed_in(auth, kind, client.reads_json, return_to.as_ref()));
    }
    if session.is_none() && kind == FlowKind::Settings && !client.reads_json {
        let back = addresses::request_url(auth, uri);
        return Err(Failure::SeeOther(addresses::sign_in(auth, false, &back)));
    }
    let secret = match client.csrf {
        Some(secret) => secret,
        None => CsrfSecret::new(random()?),
    };
    let channel = Channel::Browser { csrf_digest: secret.digest(), return_to };
    let purpose = purpose(auth, kind, uri, channel, session.as_ref())?;
    let email = email_of(&purpose, session.as_ref());
    let flow = start_flow(auth, purpose, email, now).await?;
    let identity = session.as_ref().map(|opened| &opened.session.identity);
    let answer = if client.reads_json {
        document(auth, &flow, Some(&secret), identity, StatusCode::OK)?
    } else {
        Redirect::to(&addresses::page_of(auth, kind, flow.id)).into_response()
    };
    let cookie = cookies::of_csrf(auth, &secret).map(|cookie| (header::SET_COOKIE, cookie));
    Ok((AppendHeaders(cookie), answer).into_response())
}

fn is_refresh(kind: FlowKind, uri: &Uri) -> bool {
    kind == FlowKind::Login && addresses::param(uri, "refresh").is_some_and(|it| it == "true")
}

fn purpose(
    auth: &Auth,
    kind: FlowKind,
    uri: &Uri,
    channel: Channel,
    session: Option<&Opened>,
) -> Result<Purpose, Failure> {
    let identity_id = match (kind, session) {
        (FlowKind::Settings, Some(opened)) => Some(opened.session.identity.id),
        (FlowKind::Settings, None) => return Err(KratosError::session_inactive().into()),
        (FlowKind::Registration | FlowKind::Login, _) => None,
    };
    let (is_refresh, request_url) = (is_refresh(kind, uri), addresses::request_url(auth, uri));
    Ok(Purpose { kind, channel, request_url, is_refresh, identity_id })
}

/// Who shows the password once more need not type the address again.
fn email_of(purpose: &Purpose, session: Option<&Opened>) -> Option<String> {
    session.filter(|_| purpose.is_refresh).map(|opened| opened.session.identity.email.to_string())
}

fn already_signed_in(
    auth: &Auth,
    kind: FlowKind,
    reads_json: bool,
    return_to: Option<&ReturnTo>,
) -> Failure {
    if !reads_json {
        let home = || addresses::home(auth);
        return Failure::SeeOther(return_to.map_or_else(home, ToString::to_string));
    }
    let reason = match kind {
        FlowKind::Registration => {
            "A valid session was detected and thus registration is not possible."
        }
        FlowKind::Login | FlowKind::Settings => {
            "A valid session was detected and thus login is not possible. Did you forget to set \
             `?refresh=true`?"
        }
    };
    KratosError::already_signed_in(reason).into()
}

async fn show(auth: &Auth, kind: FlowKind, uri: &Uri, client: &Client) -> Answer {
    let now = auth.now();
    let id = addresses::flow_id(uri, "id").ok_or_else(KratosError::not_found)?;
    let flow = find_flow(auth, kind, id).await?.ok_or_else(KratosError::not_found)?;
    let owner = owner_of(auth, &flow, client, now).await?;
    let secret = secret_of(&flow, client)?;
    if flow.is_expired(now) {
        return Err(flow_has_expired(auth, &flow).into());
    }
    let identity = owner.as_ref().map(|opened| &opened.session.identity);
    document(auth, &flow, secret, identity, StatusCode::OK)
}

/// The session of the identity that a flow is of; none for a flow that is nobody's.
pub(super) async fn owner_of(
    auth: &Auth,
    flow: &Flow,
    client: &Client,
    now: Timestamp,
) -> Result<Option<Opened>, Failure> {
    let Some(identity_id) = flow.purpose.identity_id else { return Ok(None) };
    let opened = client.session(auth, now).await?.ok_or_else(KratosError::session_inactive)?;
    if opened.session.identity.id == identity_id {
        Ok(Some(opened))
    } else {
        Err(KratosError::identity_mismatch().into())
    }
}

/// The secret of the browser that started `flow`, which must be the one that asks; none for a
/// flow of a native client.
pub(super) fn secret_of<'a>(
    flow: &Flow,
    client: &'a Client,
) -> Result<Option<&'a CsrfSecret>, Failure> {
    let Channel::Browser { csrf_digest, .. } = &flow.purpose.channel else { return Ok(None) };
    let violation = || {
        KratosError::csrf_violation(
            "The anti-CSRF cookie that this flow was started with was not found in the request.",
        )
    };
    let secret = client.csrf.as_ref().filter(|secret| secret.has_digest(csrf_digest));
    Ok(Some(secret.ok_or_else(violation)?))
}

/// The document of a flow; `secret` is its browser's, `identity` the one it is of.
pub(super) fn document(
    auth: &Auth,
    flow: &Flow,
    secret: Option<&CsrfSecret>,
    identity: Option<&Identity>,
    status: StatusCode,
) -> Answer {
    let mask = random()?;
    let token = secret.map(|secret| secret.token(flow.id, mask)).unwrap_or_default();
    let document = FlowDocument::of(flow, &token, identity, &auth.options().public_url);
    Ok((status, Json(document)).into_response())
}

fn flow_has_expired(auth: &Auth, flow: &Flow) -> KratosError {
    let kind = flow.purpose.kind;
    let name = kind.as_str();
    if !flow.is_of_browser() {
        let reason = format!(
            "The {name} flow has expired. Call the {name} flow init API endpoint to initialize a \
             new {name} flow."
        );
        let api = addresses::beginning_of(auth, kind, API);
        return KratosError::flow_expired(reason).with_details(serde_json::json!({ "api": api }));
    }
    let reason = format!(
        "The {name} flow has expired. Redirect the user to the {name} flow init endpoint to \
         initialize a new {name} flow."
    );
    let return_to = flow.return_to().map_or("", |it| it.as_str());
    let redirect_to = addresses::beginning_of(auth, kind, BROWSER);
    let details = serde_json::json!({ "redirect_to": redirect_to, "return_to": return_to });
    KratosError::flow_expired(reason).with_details(details)
}
