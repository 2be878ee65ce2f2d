//! `DELETE /self-service/logout/api`

use axum::extract::State;
use axum::http::StatusCode;

use super::failure::Failure;
use super::kratos::error::KratosError;
use super::submission::Submission;
use crate::commands::sign_out::{self, SignOutError};
use crate::context::Auth;

const UNKNOWN: &str = "The provided Ory Session Token could not be found, is invalid, or \
     otherwise malformed.";

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
