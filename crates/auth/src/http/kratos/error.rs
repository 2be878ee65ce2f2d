//! Kratos' error document, `{"error": {…}}`.

use std::borrow::Cow;
use std::time::Duration;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::{FlowId, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A request that Kratos refuses without a form to hand back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KratosError)]
pub(in crate::http) struct KratosError {
    error: Generic,
    /// When the flow expired; with the next two, of a flow that came too late.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = events::schema::time)]
    expired_at: Option<Timestamp>,
    /// How long ago that is, in nanoseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    since: Option<u64>,
    /// The flow that replaces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = events::schema::id)]
    use_flow_id: Option<FlowId>,
    /// Where a browser can do something about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    redirect_browser_to: Option<String>,
    /// In seconds.
    #[serde(skip)]
    #[schema(ignore)]
    retry_after: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KratosErrorBody)]
struct Generic {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<&'static str>,
    code: u16,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    details: Option<Value>,
    message: &'static str,
}

/// The flow that takes the place of an expired one.
impl KratosError {
    fn new(status: StatusCode, message: &'static str) -> Self {
        let code = status.as_u16();
        let status = status.canonical_reason().unwrap_or("Error");
        let error = Generic { id: None, code, status, reason: None, details: None, message };
        Self {
            error,
            expired_at: None,
            since: None,
            use_flow_id: None,
            redirect_browser_to: None,
            retry_after: None,
        }
    }

    fn with_reason(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.error.reason = Some(reason.into());
        self
    }

    fn with_id(mut self, id: &'static str) -> Self {
        self.error.id = Some(id);
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
        self.expired_at = Some(expired_at);
        self.since = Some(since);
        self.use_flow_id = Some(use_flow_id);
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
        Self::new(StatusCode::GONE, message)
            .with_reason(reason)
            .with_id("self_service_flow_expired")
    }

    /// The form's token is not the browser's, or one of them is not there.
    pub(in crate::http) fn csrf_violation(hint: &'static str) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "the request was rejected to protect you from Cross-Site-Request-Forgery",
        )
        .with_id("security_csrf_violation")
        .with_reason(
            "Please retry the flow and optionally clear your cookies. The request was rejected to \
             protect you from Cross-Site-Request-Forgery (CSRF) which could cause account \
             takeover, leaking personal information, and other serious security issues.",
        )
        .with_details(json!({ "docs": "https://www.ory.sh/kratos/docs/debug/csrf", "hint": hint }))
    }

    pub(in crate::http) fn return_to_forbidden() -> Self {
        Self::bad_request("Requested return_to URL is not allowed.")
            .with_id("self_service_flow_return_to_forbidden")
    }

    pub(in crate::http) fn session_inactive() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "request does not have a valid authentication session")
            .with_id("session_inactive")
            .with_reason("No active session was found in this request.")
    }

    pub(in crate::http) fn already_signed_in(reason: &'static str) -> Self {
        Self::bad_request(reason)
            .with_message("you are already logged in")
            .with_id("session_already_available")
    }

    /// The password was shown too long ago; it is asked for at `login`.
    pub(in crate::http) fn refresh_required(login: String) -> Self {
        let reason = "The login session is too old and thus not allowed to update these fields. \
                      Please re-authenticate.";
        let refused = Self::forbidden(reason).with_id("session_refresh_required");
        Self { redirect_browser_to: Some(login), ..refused }
    }

    pub(in crate::http) fn identity_mismatch() -> Self {
        Self::forbidden(
            "You must restart the flow because the resumable session was initiated by another \
             person.",
        )
        .with_id("security_identity_mismatch")
    }

    /// Refused until `wait` is over, in whole seconds, rounded up.
    pub(in crate::http) fn too_many_attempts(wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1000);
        let reason = format!("Too many attempts failed. Try again in {seconds} seconds.");
        let refused = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "The request was refused because too many came before it",
        );
        let retry_after = Some(u64::try_from(seconds).unwrap_or(u64::MAX));
        Self { retry_after, ..refused.with_reason(reason) }
    }

    pub(in crate::http) fn unsupported_media_type() -> Self {
        let message = "The request is using an unknown content type";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message).with_reason(
            "Send the body as application/json; a browser's flow takes \
                 application/x-www-form-urlencoded, too.",
        )
    }
}

impl IntoResponse for KratosError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.error.code).unwrap_or(StatusCode::BAD_REQUEST);
        let retry_after = self.retry_after.map(|seconds| [(header::RETRY_AFTER, seconds)]);
        (status, retry_after, Json(self)).into_response()
    }
}

/// A span in minutes, as Kratos writes it: `1.50`.
pub(in crate::http) fn minutes(span: Duration) -> String {
    format!("{:.2}", span.as_secs_f64() / 60.0)
}
