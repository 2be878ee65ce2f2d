//! `POST /self-service/login?flow=…`

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use telemetry::metrics::catalog::SIGN_INS;

use super::failure::Failure;
use super::flows;
use super::kratos::session::LoginDocument;
use super::submission::Submission;
use crate::commands::SubmitError;
use crate::commands::sign_in::{self, Credentials};
use crate::context::Auth;
use crate::domain::fault::{Fault, Field, Rule};
use crate::domain::flow::{FlowKind, Form};
use crate::domain::password::Password;
use crate::meter;

pub(super) async fn sign_in(
    State(auth): State<Auth>,
    uri: Uri,
    submission: Result<Submission, Failure>,
) -> Result<Response, Failure> {
    let now = auth.now();
    let flow = flows::of_form(&auth, FlowKind::Login, &uri, now).await?;
    let credentials = match read(submission?) {
        Ok(credentials) => credentials,
        Err(form) => return flows::refuse(&auth, flow, form, now).await,
    };
    let identifier = credentials.identifier.clone();
    let signed_in = sign_in::sign_in(&auth, &flow, credentials, now).await;
    meter::submitted(SIGN_INS, &signed_in);
    match signed_in {
        Ok(opened) => {
            let public_url = &auth.options().public_url;
            Ok(Json(LoginDocument::of(&opened, public_url)).into_response())
        }
        Err(SubmitError::Refused(rule)) => {
            let form = Form::refused(Some(identifier), vec![Fault::of_form(rule)]);
            flows::refuse(&auth, flow, form, now).await
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
