//! `POST /self-service/settings?flow=…`

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};

use super::client::Client;
use super::failure::Failure;
use super::kratos::error::KratosError;
use super::kratos::flow::FlowDocument;
use super::kratos::forms::{RefusedForm, SettingsForm};
use super::submission::Submission;
use super::{addresses, flows, forms};
use crate::commands::Opened;
use crate::commands::change_password::change_password;
use crate::context::Auth;
use crate::domain::email::Email;
use crate::domain::fault::{Fault, Rule};
use crate::domain::flow::{Flow, FlowKind, Form};
use crate::domain::password::Password;

/// Changes the password.
///
/// All other sessions of the same person end. The password must have been shown not long ago.
#[utoipa::path(
    post,
    path = "/self-service/settings",
    tag = "identity",
    params(("flow" = Uuid, Query, description = "The flow's id.")),
    request_body(content(
        (SettingsForm = "application/json"),
        (SettingsForm = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 200, description = "Changed; the state is `success`.",
            body = FlowDocument<'static>),
        (status = 303, description = "To a browser that doesn't ask for JSON."),
        (status = 400, description = "The form, with what is wrong.", body = RefusedForm),
        (status = 401, description = "Nobody is signed in.", body = KratosError),
        (status = 403, description = "`security_csrf_violation`, `session_refresh_required`, \
            `security_identity_mismatch`.",
            body = KratosError),
        (status = 404, description = "There is no such flow.", body = KratosError),
        (status = 410, description = "The flow has expired; another one is named.",
            body = KratosError),
        (status = 415, description = "The form is of another type.", body = KratosError),
    ),
)]
pub(super) async fn change_settings(
    State(auth): State<Auth>,
    uri: Uri,
    client: Client,
    submission: Result<Submission, Failure>,
) -> Result<Response, Failure> {
    let now = auth.now();
    let flow = forms::flow_of(&auth, FlowKind::Settings, &uri).await?;
    let owner = flows::owner_of(&auth, &flow, &client, now).await?;
    let Opened { session, .. } = owner.ok_or_else(KratosError::not_found)?;
    forms::in_time(&auth, &flow, &client, now).await?;
    let submission = forms::accept(&flow, &client, submission)?;
    if flow.is_done {
        return Err(KratosError::not_found().into());
    }
    if !session.is_privileged(now, auth.options().privileged_for) {
        return Err(refresh_required(&auth, &flow, &client));
    }
    let identity = &session.identity;
    let password = match read(&auth, submission, identity.email.clone()).await? {
        Ok(password) => password,
        Err(form) => return forms::refuse(&auth, flow, form, (&client, Some(identity)), now).await,
    };
    let flow = change_password(&auth, flow, &session, password, now).await?;
    if flow.is_of_browser() && !client.reads_json {
        return Ok(Redirect::to(&addresses::after(&auth, &flow)).into_response());
    }
    let secret = flows::secret_of(&flow, &client)?;
    flows::document(&auth, &flow, secret, Some(identity), StatusCode::OK)
}

/// Where the password is shown once more; from there a browser comes back to its form.
fn refresh_required(auth: &Auth, flow: &Flow, client: &Client) -> Failure {
    let back = addresses::page_of(auth, FlowKind::Settings, flow.id);
    let login = addresses::sign_in(auth, true, &back);
    if flow.is_of_browser() && !client.reads_json {
        return Failure::SeeOther(login);
    }
    KratosError::refresh_required(login).into()
}

async fn read(
    auth: &Auth,
    mut submission: Submission,
    email: Email,
) -> Result<Result<Password, Form>, Failure> {
    if !submission.takes_password_method() {
        return Ok(Err(Form::refused(None, vec![Fault::of_form(Rule::NoSuchMethod)])));
    }
    let password = submission.new_password(auth, Some(email)).await?;
    Ok(submission.build(None, || password))
}
