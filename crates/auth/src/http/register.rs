//! `POST /self-service/registration?flow=…`

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use telemetry::metrics::catalog::SIGN_UPS;

use super::failure::Failure;
use super::flows;
use super::kratos::session::RegistrationDocument;
use super::submission::Submission;
use crate::commands::SubmitError;
use crate::commands::register::{self, Registration};
use crate::context::Auth;
use crate::domain::email::Email;
use crate::domain::fault::{Fault, Field, Rule};
use crate::domain::flow::{FlowKind, Form};
use crate::domain::password::Password;
use crate::meter;

pub(super) async fn register(
    State(auth): State<Auth>,
    uri: Uri,
    submission: Result<Submission, Failure>,
) -> Result<Response, Failure> {
    let now = auth.now();
    let flow = flows::of_form(&auth, FlowKind::Registration, &uri, now).await?;
    let registration = match read(submission?) {
        Ok(registration) => registration,
        Err(form) => return flows::refuse(&auth, flow, form, now).await,
    };
    let email = registration.email.to_string();
    let registered = register::register(&auth, &flow, registration, now).await;
    meter::submitted(SIGN_UPS, &registered);
    match registered {
        Ok(opened) => {
            let public_url = &auth.options().public_url;
            Ok(Json(RegistrationDocument::of(&opened, public_url)).into_response())
        }
        Err(SubmitError::Refused(rule)) => {
            let form = Form::refused(Some(email), vec![Fault::of_form(rule)]);
            flows::refuse(&auth, flow, form, now).await
        }
        Err(error) => Err(error.into()),
    }
}

fn read(mut submission: Submission) -> Result<Registration, Form> {
    if !submission.takes_password_method() {
        return Err(Form::refused(None, vec![Fault::of_form(Rule::NoSuchMethod)]));
    }
    let typed = submission.email_of_traits();
    let email = typed.as_deref().map(Email::parse);
    let email = email.and_then(|email| submission.keep(Field::Email, email));
    let password = submission.text("password", Field::Password).map(Password::choose);
    let password = password.and_then(|password| submission.keep(Field::Password, password));
    submission.build(typed, || Some(Registration { email: email?, password: password? }))
}
