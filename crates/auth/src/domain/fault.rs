//! What a form gets wrong: a field, and the rule it breaks.
//!
//! Faults are stored with the flow (as JSON) and told as Kratos' messages in `http/kratos`.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// A field of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    /// Everything that is known of an identity: an object.
    Traits,
    /// Its e-mail address.
    Email,
    /// What somebody signs in with: the e-mail address.
    Identifier,
    Password,
}

/// What a JSON value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JsonType {
    Array,
    Boolean,
    Null,
    Number,
    Object,
    String,
}

impl JsonType {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Array => "array",
            Self::Boolean => "boolean",
            Self::Null => "null",
            Self::Number => "number",
            Self::Object => "object",
            Self::String => "string",
        }
    }
}

/// A rule that a form broke. None holds a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "rule")]
pub(crate) enum Rule {
    /// The field is needed.
    Missing,
    /// The field is not of this form.
    Unknown { name: String },
    /// The field is of another type.
    WrongType { wanted: JsonType, actual: JsonType },
    /// The text has more characters than it may.
    TooLong { max: usize, actual: usize },
    /// The text is no e-mail address.
    NotEmail { typed: String },
    /// The password has fewer characters than it must.
    PasswordTooShort { min: usize, actual: usize },
    /// The password has more characters than it may.
    PasswordTooLong { max: usize, actual: usize },
    /// The password is among the first that anybody guesses.
    PasswordTooCommon,
    /// The password is almost the e-mail address.
    PasswordLikeIdentifier,
    /// No identity has this e-mail address and this password.
    WrongCredentials,
    /// Another identity has this e-mail address.
    EmailTaken,
    /// The form doesn't say that it is about a password.
    NoSuchMethod,
    /// The form came too late; this is a new one.
    FlowExpired { expired_at: Timestamp },
}

/// A broken rule, and the field that breaks it; none when it is the form as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fault {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<Field>,
    #[serde(flatten)]
    pub(crate) rule: Rule,
}

impl Fault {
    pub(crate) const fn of(field: Field, rule: Rule) -> Self {
        Self { field: Some(field), rule }
    }

    pub(crate) const fn of_form(rule: Rule) -> Self {
        Self { field: None, rule }
    }
}
