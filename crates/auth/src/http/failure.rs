//! How a route of Kratos' API fails: as Kratos does, or as every route of the
//! exchange does.

use axum::response::{IntoResponse, Redirect, Response};
use http_kit::Error;
use kernel::Refusal;
use store::StoreError;

use super::kratos::error::KratosError;
use crate::commands::SubmitError;
use crate::random::NoRandomness;
use crate::throttle::TooSoon;

/// Why there is no answer.
pub(super) enum Failure {
    /// The client's doing, told in Kratos' JSON.
    Kratos(Box<KratosError>),
    /// The client's doing, and a browser goes on elsewhere.
    SeeOther(String),
    /// Told as a problem document: our fault, which is logged at the edge, or a limit that holds
    /// for every request.
    Problem(Error),
}

impl From<KratosError> for Failure {
    fn from(error: KratosError) -> Self {
        Self::Kratos(Box::new(error))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Problem(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<NoRandomness> for Failure {
    fn from(error: NoRandomness) -> Self {
        SubmitError::from(error).into()
    }
}

impl From<SubmitError> for Failure {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Completed(_) => KratosError::not_found().into(),
            SubmitError::TooSoon(TooSoon { wait }) => KratosError::too_many_attempts(wait).into(),
            SubmitError::SessionEnded => KratosError::session_inactive().into(),
            SubmitError::Store(error) => error.into(),
            error => Self::Problem(Error::caused(Refusal::internal(), error)),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Kratos(error) => error.into_response(),
            Self::SeeOther(url) => Redirect::to(&url).into_response(),
            Self::Problem(error) => error.into_response(),
        }
    }
}
