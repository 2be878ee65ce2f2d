//! `POST /self-service/login?flow=…`

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use http_kit::problem::Document;
use telemetry::metrics::catalog::SIGN_INS;

use super::client::Client;
use super::failure::Failure;
use super::kratos::error::KratosError;
use super::kratos::forms::{LoginForm, RefusedForm};
use super::kratos::session::LoginDocument;
use super::submission::Submission;
use super::{addresses, forms};
use crate::commands::SubmitError;
use crate::commands::sign_in::{self, Credentials};
use crate::context::Auth;
use crate::domain::fault::{Fault, Field, Rule};
use crate::domain::flow::{FlowKind, Form};
use crate::domain::password::Password;
use crate::meter;

/// Signs somebody in.
///
/// The form is what the flow's `ui` says. A browser's flow needs its `csrf_token` and its cookie.
/// Who fails again and again has to wait (429).
#[utoipa::path(
    post,
    path = "/self-service/login",
    tag = "identity",
    params(("flow" = Uuid, Query, description = "The flow's id.")),
    request_body(content(
        (LoginForm = "application/json"),
        (LoginForm = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 200, description = "Signed in.",
            body = LoginDocument<'static>),
        (status = 303, description = "To a browser that doesn't ask for JSON."),
        (status = 400, description = "The form, with what is wrong.", body = RefusedForm),
        (status = 401, description = "The session that was to be refreshed has ended meanwhile.",
            body = KratosError),
        (status = 403, description = "`security_csrf_violation`.", body = KratosError),
        (status = 404, description = "There is no such flow.", body = KratosError),
        (status = 410, description = "The flow has expired; another one is named.",
            body = KratosError),
        (status = 415, description = "The form is of another type.", body = KratosError),
        (status = 429, description = "Too many attempts failed, in Kratos' JSON; or \
            `too-many-requests`. Wait as long as `Retry-After` says.",
            content(
                (KratosError = "application/json"),
                (Document<'static> = "application/problem+json"),
            )),
    ),
    security(()),
)]
pub(super) async fn sign_in(
    State(auth): State<Auth>,
    uri: Uri,
    client: Client,
    submission: Result<Submission, Failure>,
) -> Result<Response, Failure> {
    let now = auth.now();
    let flow = forms::flow_of(&auth, FlowKind::Login, &uri).await?;
    forms::in_time(&auth, &flow, &client, now).await?;
    let submission = forms::accept(&flow, &client, submission)?;
    let credentials = match read(submission) {
        Ok(credentials) => credentials,
        Err(form) => return forms::refuse(&auth, flow, form, (&client, None), now).await,
    };
    let identifier = credentials.identifier.clone();
    let is_refresh = flow.purpose.is_refresh;
    let present = if is_refresh { client.session(&auth, now).await? } else { None };
    let from = (client.sender.clone(), present);
    let signed_in = sign_in::sign_in(&auth, &flow, credentials, from, now).await;
    meter::submitted(SIGN_INS, &signed_in);
    match signed_in {
        Ok(opened) => {
            let next = flow.is_of_browser().then(|| addresses::after(&auth, &flow));
            let public_url = &auth.options().public_url;
            let document = LoginDocument::of(&opened, next.as_deref(), public_url);
            forms::opened(&auth, &flow, &client, (&opened, document), now)
        }
        Err(SubmitError::Refused(rule)) => {
            let form = Form::refused(Some(identifier), vec![Fault::of_form(rule)]);
            forms::refuse(&auth, flow, form, (&client, None), now).await
        }
        Err(error) => Err(error.into()),
    }
}

fn read(mut submission: Submission) -> Result<Credentials, Form> {
    if !submission.takes_password_method() {
        return Err(Form::refused(None, vec![Fault::of_form(Rule::NoSuchMethod)]));
    }
    let typed = submission.text("identifier", Field::Identifier);
    let password = submission.text("password", Field::Password).map(Password::typed);
    let identifier = typed.clone();
    submission.build(typed, || Some(Credentials { identifier: identifier?, password: password? }))
}
