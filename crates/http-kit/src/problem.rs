//! From refusal to response, in one place: RFC 9457 problem details
//! (<https://www.rfc-editor.org/rfc/rfc9457>) with the exchange's extensions.
//!
//! A handler answers with an [`Error`]: a refusal that may be told, and a cause that may not. The
//! response carries it as an extension until [`crate::edge`] writes the body, because only there
//! the request's path is known.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kernel::{Kind, Refusal, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// The content type of a problem document.
pub(crate) const PROBLEM: &str = "application/problem+json";

/// How long to wait when the disk is full: somebody has to make room.
const STORAGE_RETRY_AFTER: Duration = Duration::from_secs(10);

/// A refusal on its way out, with the cause that goes to the log only.
#[derive(Debug, Clone)]
pub struct Error {
    /// Boxed, to keep results small.
    refusal: Box<Refusal>,
    cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
    /// The document, when it is written already: a repeat of the request gets the very same.
    document: Option<Arc<String>>,
}

impl Error {
    /// Tells `refusal`, and logs `cause`.
    pub fn caused(refusal: Refusal, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { refusal: Box::new(refusal), cause: Some(Arc::new(cause)), document: None }
    }

    /// What the client is told.
    #[must_use]
    pub fn refusal(&self) -> &Refusal {
        &self.refusal
    }

    /// The same refusal with its document, answered for `path` (with its query) at `at`.
    pub(crate) fn written(self, path: &str, at: Timestamp) -> Self {
        let document = Some(Arc::new(document(&self.refusal, path, at)));
        Self { document, ..self }
    }

    /// The document, when it is written already.
    pub(crate) fn document(&self) -> Option<&str> {
        self.document.as_deref().map(String::as_str)
    }

    /// The cause and its causes, for the log.
    pub(crate) fn causes(&self) -> Option<String> {
        let mut next = self.cause.as_deref().map(|cause| cause as &dyn std::error::Error);
        let mut all = Vec::new();
        while let Some(cause) = next {
            all.push(cause.to_string());
            next = cause.source();
        }
        (!all.is_empty()).then(|| all.join(": "))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self { refusal: Box::new(refusal), cause: None, document: None }
    }
}

impl From<store::StoreError> for Error {
    fn from(error: store::StoreError) -> Self {
        let refusal = match error {
            _ if error.is_conflict() || error.is_constraint(outbox::ONE_ANSWER_PER_KEY) => {
                let detail =
                    "Others changed this at the same time. Nothing was changed; try again.";
                Refusal::new(Kind::Conflict, "conflict", detail)
            }
            store::StoreError::Busy { .. } | store::StoreError::Unavailable { .. } => {
                Refusal::unavailable()
            }
            store::StoreError::Full { .. } => {
                let detail = "The exchange can't store anything at the moment. Nothing was \
                              changed; reading goes on.";
                let refusal = Refusal::new(Kind::Unavailable, "storage-full", detail);
                refusal.retry_in(STORAGE_RETRY_AFTER)
            }
            _ => Refusal::internal(),
        };
        Self::caused(refusal, error)
    }
}

impl From<ory::PortError> for Error {
    fn from(error: ory::PortError) -> Self {
        Self::caused(Refusal::unavailable(), error)
    }
}

impl From<ory::Denied> for Error {
    fn from(denied: ory::Denied) -> Self {
        match denied {
            ory::Denied::No { .. } => Self::caused(Refusal::forbidden(), denied),
            ory::Denied::Unknown(error) => error.into(),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = status_of(self.refusal.kind).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The one table from kind to status.
#[must_use]
pub const fn status_of(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::PaymentDeclined => StatusCode::PAYMENT_REQUIRED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Kind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Kind::BadGateway => StatusCode::BAD_GATEWAY,
        Kind::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        Kind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        Kind::UriTooLong => StatusCode::URI_TOO_LONG,
        Kind::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The refusal behind a bare status that the framework answered.
pub(crate) fn refusal_of(status: StatusCode) -> Refusal {
    let refuse = |kind, code, detail: &'static str| Refusal::new(kind, code, detail);
    match status {
        StatusCode::NOT_FOUND => refuse(Kind::NotFound, "unknown-path", "There is no such path."),
        StatusCode::METHOD_NOT_ALLOWED => refuse(
            Kind::MethodNotAllowed,
            "method-not-allowed",
            "This path doesn't take this method; see the header Allow.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => {
            refuse(Kind::TooLarge, "too-large", "The body is larger than 1 MiB.")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => refuse(
            Kind::UnsupportedMediaType,
            "unsupported-media-type",
            "Send the body as application/json.",
        ),
        StatusCode::URI_TOO_LONG => refuse(
            Kind::UriTooLong,
            "uri-too-long",
            "The path and its query are longer than 8 KiB.",
        ),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => refuse(
            Kind::HeadersTooLarge,
            "headers-too-large",
            "The head of the request is too large: 100 header fields, 16 KiB together, are read.",
        ),
        StatusCode::SERVICE_UNAVAILABLE => Refusal::unavailable(),
        status if status.is_client_error() => {
            refuse(Kind::Invalid, "malformed", "The request could not be read.")
        }
        _ => Refusal::internal(),
    }
}

/// One broken rule.
#[derive(Serialize, ToSchema)]
#[schema(as = BrokenRule)]
struct Entry<'a> {
    /// The rule, as a sentence or the end of one that begins with the field.
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The field or parameter it is about; absent when it is about the whole request.
    #[schema(nullable = false)]
    field: Option<&'a str>,
}

/// Why a request was refused: RFC 9457 problem details, with extensions.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
#[serde(rename_all = "camelCase")]
pub struct Document<'a> {
    /// Names the problem, and leads to its page: `/errors/` and the code.
    #[schema(example = "/errors/ticket-already-reserved")]
    r#type: String,
    /// The status in words.
    title: &'a str,
    /// The status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What happened, for people.
    detail: &'a str,
    /// The status once more.
    #[schema(minimum = 400, maximum = 599)]
    status_code: u16,
    /// Always `ErrorResponse`.
    #[schema(example = "ErrorResponse")]
    name: &'static str,
    /// The request's path with its query.
    path: &'a str,
    /// When it was refused: RFC 3339, UTC.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    /// Every broken rule; at least one entry.
    errors: Vec<Entry<'a>>,
    /// More, by the kind of problem.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, String>, required = false)]
    details: BTreeMap<&'static str, &'a str>,
}

/// Answers with the problem document of `error`, for `path` (with its query) at `at`.
pub(crate) fn render(error: &Error, path: &str, at: Timestamp) -> Response {
    let status = status_of(error.refusal.kind);
    let written = error.document().map(str::to_owned);
    let json = written.unwrap_or_else(|| document(&error.refusal, path, at));
    let mut response = Response::new(Body::from(json));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
    let default = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(1);
    if let Some(seconds) = error.refusal.retry_after.or(default) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE) {
        // the rest of the body is not waited for
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// The problem document of `refusal` as JSON.
pub(crate) fn document(refusal: &Refusal, path: &str, at: Timestamp) -> String {
    let status = status_of(refusal.kind);
    let entries = refusal.fields.iter();
    let mut errors: Vec<_> = entries
        .map(|broken| Entry { message: &broken.message, field: broken.field.as_deref() })
        .collect();
    if errors.is_empty() {
        errors.push(Entry { message: &refusal.detail, field: None });
    }
    let document = Document {
        r#type: format!("/errors/{}", refusal.code),
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail: &refusal.detail,
        status_code: status.as_u16(),
        name: "ErrorResponse",
        path,
        timestamp: at,
        errors,
        details: refusal.details.iter().map(|(name, value)| (*name, value.as_str())).collect(),
    };
    // strings and numbers always become JSON
    serde_json::to_string(&document).unwrap_or_default()
}
