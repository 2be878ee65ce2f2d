//! Refusals: how any part of the exchange says no to the outside.
//!
//! A refusal carries what a client may know: a kind, a stable code, a sentence, and the fields
//! that broke a rule. Causes and inner text never go in here; they go to the log.

use std::borrow::Cow;
use std::time::Duration;

/// What sort of no it is. `http-kit` decides the HTTP status from this, in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request breaks a rule of form, or of the entity's state.
    Invalid,
    /// Nobody is signed in.
    Unauthenticated,
    /// The card was declined.
    PaymentDeclined,
    /// Somebody is signed in, but not one who may do this.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// The path exists, the method doesn't.
    MethodNotAllowed,
    /// We took too long to answer.
    Timeout,
    /// A service of ours did not answer to the end.
    BadGateway,
    /// The client took too long to send its request.
    RequestTimeout,
    /// The client asks more often than it may.
    TooManyRequests,
    /// The path and its query are longer than anything the exchange has.
    UriTooLong,
    /// The headers are more, or longer, than anything the exchange reads.
    HeadersTooLarge,
    /// Another change came first.
    Conflict,
    /// The body is larger than allowed.
    TooLarge,
    /// The body is of a kind nobody asked for.
    UnsupportedMediaType,
    /// Something this needs is away for a moment; nothing was changed.
    Unavailable,
    /// A fault of ours.
    Internal,
}

/// One broken rule, and the field that breaks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field as the client named it, such as `price`; none when the whole body is at fault.
    pub field: Option<Cow<'static, str>>,
    /// The rule, as a sentence without the field's name: "must not be negative".
    pub message: Cow<'static, str>,
}

impl FieldError {
    /// A broken rule of one field.
    pub fn new(field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Some(field.into()), message: message.into() }
    }

    /// A broken rule of the body as a whole.
    pub fn of_body(message: impl Into<Cow<'static, str>>) -> Self {
        Self { field: None, message: message.into() }
    }
}

/// A no that may be told to the outside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Refusal {
    /// What sort of no.
    pub kind: Kind,
    /// The public code, stable across releases, such as `ticket-already-reserved`.
    pub code: &'static str,
    /// One sentence for a person.
    pub detail: Cow<'static, str>,
    /// Each broken rule, for validation.
    pub fields: Vec<FieldError>,
    /// More for machines to read, such as a card's `declineCode`.
    pub details: Vec<(&'static str, String)>,
    /// How many seconds to wait before asking again, where that is known.
    pub retry_after: Option<u32>,
}

impl Refusal {
    /// A refusal with a code and a sentence.
    pub fn new(kind: Kind, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let (detail, fields, details) = (detail.into(), Vec::new(), Vec::new());
        Self { kind, code, detail, fields, details, retry_after: None }
    }

    /// A request that breaks rules of form: one entry for each.
    #[must_use]
    pub fn validation(fields: Vec<FieldError>) -> Self {
        let detail = "The request breaks a rule; see `errors`.";
        Self { fields, ..Self::new(Kind::Invalid, "validation", detail) }
    }

    /// One broken rule of one field.
    pub fn field(
        field: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::validation(vec![FieldError::new(field, message)])
    }

    /// The same refusal, with something more for machines to read.
    #[must_use]
    pub fn with_detail(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    /// The same refusal, which asks the client to wait for so long: in whole seconds, and never
    /// too short.
    #[must_use]
    pub fn retry_in(mut self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.retry_after = Some(u32::try_from(seconds).unwrap_or(u32::MAX));
        self
    }

    /// Nobody is signed in.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(Kind::Unauthenticated, "not-signed-in", "Sign in to do this.")
    }

    /// The caller may not do this.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(Kind::Forbidden, "not-permitted", "You are not permitted to do this.")
    }

    /// A part this needs is away; trying again soon may work.
    #[must_use]
    pub fn unavailable() -> Self {
        let detail = "The service can't do this at the moment. Nothing was changed; try again.";
        Self::new(Kind::Unavailable, "unavailable", detail)
    }

    /// A fault of ours, about which the outside learns nothing more.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(Kind::Internal, "internal", "Something went wrong on our side.")
    }
}
