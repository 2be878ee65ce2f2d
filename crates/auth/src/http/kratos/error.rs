//! Kratos' error document, `{"error": {…}}`.

use std::borrow::Cow;
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::{FlowId, Timestamp};
use serde::Serialize;
use serde_json::Value;

/// A request that Kratos refuses without a form to hand back.
#[derive(Debug, Serialize)]
pub(in crate::http) struct KratosError {
    error: Generic,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    next: Option<NextFlow>,
}

#[derive(Debug, Serialize)]
struct Generic {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'static str>,
    code: u16,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Value>,
    message: &'static str,
}

/// The flow that takes the place of an expired one.
#[derive(Debug, Serialize)]
struct NextFlow {
    expired_at: Timestamp,
    /// In nanoseconds.
    since: u64,
    use_flow_id: FlowId,
}

impl KratosError {
    fn new(status: StatusCode, message: &'static str) -> Self {
        let code = status.as_u16();
        let status = status.canonical_reason().unwrap_or("Error");
        let error = Generic { id: None, code, status, reason: None, details: None, message };
        Self { error, next: None }
    }

    fn with_reason(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.error.reason = Some(reason.into());
        self
    }

    pub(in crate::http) fn with_message(mut self, message: &'static str) -> Self {
        self.error.message = message;
        self
    }

    pub(in crate::http) fn with_details(mut self, details: Value) -> Self {
        self.error.details = Some(details);
        self
    }

    /// Says when the flow expired, how long ago that is, and by which it was replaced.
    pub(in crate::http) fn with_next_flow(
        mut self,
        expired_at: Timestamp,
        since: Duration,
        use_flow_id: FlowId,
    ) -> Self {
        let since = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        self.next = Some(NextFlow { expired_at, since, use_flow_id });
        self
    }

    pub(in crate::http) fn bad_request(reason: impl Into<Cow<'static, str>>) -> Self {
        let message = "The request was malformed or contained invalid parameters";
        Self::new(StatusCode::BAD_REQUEST, message).with_reason(reason)
    }

    pub(in crate::http) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "The request could not be authorized")
            .with_reason("No valid session credentials found in the request.")
    }

    pub(in crate::http) fn forbidden(reason: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "The requested action was forbidden").with_reason(reason)
    }

    pub(in crate::http) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Unable to locate the resource")
    }

    pub(in crate::http) fn flow_expired(reason: String) -> Self {
        let message = "The requested resource is no longer available because it has expired or \
                       is otherwise invalid";
        let mut gone = Self::new(StatusCode::GONE, message).with_reason(reason);
        gone.error.id = Some("self_service_flow_expired");
        gone
    }

    pub(in crate::http) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "The request body is too large")
    }

    pub(in crate::http) fn unsupported_media_type() -> Self {
        let message = "The request is using an unknown content type";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
            .with_reason("Send the body as application/json.")
    }
}

impl IntoResponse for KratosError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.error.code);
        (status.unwrap_or(StatusCode::BAD_REQUEST), Json(self)).into_response()
    }
}

/// A span in minutes, as Kratos writes it: `1.50`.
pub(in crate::http) fn minutes(span: Duration) -> String {
    format!("{:.2}", span.as_secs_f64() / 60.0)
}
