//! `POST /self-service/registration?flow=…`

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use http_kit::problem::Document;
use telemetry::metrics::catalog::SIGN_UPS;

use super::client::Client;
use super::failure::Failure;
use super::kratos::error::KratosError;
use super::kratos::forms::{RefusedForm, RegistrationForm};
use super::kratos::session::RegistrationDocument;
use super::submission::Submission;
use super::{addresses, forms};
use crate::commands::SubmitError;
use crate::commands::register::{self, Registration};
use crate::context::Auth;
use crate::domain::email::Email;
use crate::domain::fault::{Fault, Field, Rule};
use crate::domain::flow::{FlowKind, Form};
use crate::meter;

/// Signs somebody up.
///
/// The form is what the flow's `ui` says. A browser's flow needs its `csrf_token` and its cookie.
#[utoipa::path(
    post,
    path = "/self-service/registration",
    tag = "identity",
    params(("flow" = Uuid, Query, description = "The flow's id.")),
    request_body(content(
        (RegistrationForm = "application/json"),
        (RegistrationForm = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 200, description = "Signed up and signed in.",
            body = RegistrationDocument<'static>),
        (status = 303, description = "To a browser that doesn't ask for JSON."),
        (status = 400, description = "The form, with what is wrong.", body = RefusedForm),
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
pub(super) async fn register(
    State(auth): State<Auth>,
    uri: Uri,
    client: Client,
    submission: Result<Submission, Failure>,
) -> Result<Response, Failure> {
    let now = auth.now();
    let flow = forms::flow_of(&auth, FlowKind::Registration, &uri).await?;
    forms::in_time(&auth, &flow, &client, now).await?;
    let submission = forms::accept(&flow, &client, submission)?;
    register::ask(&auth, client.sender.address, now)
        .map_err(SubmitError::from)
        .inspect_err(|error| meter::came_to_nothing(SIGN_UPS, error))?;
    let registration = match read(&auth, submission).await? {
        Ok(registration) => registration,
        Err(form) => return forms::refuse(&auth, flow, form, (&client, None), now).await,
    };
    let email = registration.email.to_string();
    let sender = client.sender.clone();
    let registered = register::register(&auth, &flow, registration, sender, now).await;
    meter::submitted(SIGN_UPS, &registered);
    match registered {
        Ok(opened) => {
            let next = flow.is_of_browser().then(|| addresses::after(&auth, &flow));
            let public_url = &auth.options().public_url;
            let document = RegistrationDocument::of(&opened, next.as_deref(), public_url);
            forms::opened(&auth, &flow, &client, (&opened, document), now)
        }
        Err(SubmitError::Refused(rule)) => {
            let form = Form::refused(Some(email), vec![Fault::of_form(rule)]);
            forms::refuse(&auth, flow, form, (&client, None), now).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn read(
    auth: &Auth,
    mut submission: Submission,
) -> Result<Result<Registration, Form>, Failure> {
    if !submission.takes_password_method() {
        return Ok(Err(Form::refused(None, vec![Fault::of_form(Rule::NoSuchMethod)])));
    }
    let typed = submission.email_of_traits();
    let email = typed.as_deref().map(Email::parse);
    let email = email.and_then(|email| submission.keep(Field::Email, email));
    let password = submission.new_password(auth, email.clone()).await?;
    let whole = || Some(Registration { email: email?, password: password? });
    Ok(submission.build(typed, whole))
}
