//! Kratos' messages: stable ids, and texts for people
//! (<https://www.ory.com/docs/kratos/concepts/ui-messages>).

use kernel::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::error::minutes;
use crate::domain::fault::{Field, Rule};
use crate::domain::flow::{Flow, FlowKind};

/// What somebody reads who could not sign up though nothing is wrong with the form. It doesn't
/// say that the address is somebody's.
const SIGN_UP_REFUSED: &str = "You can't sign up with these details. If you have an account, \
     sign in; otherwise try another e-mail address.";

/// A label, or what is wrong with a form or one of its fields.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FlowMessage)]
pub(super) struct Message {
    id: u32,
    text: String,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    context: Option<Value>,
}

impl Message {
    fn info(id: u32, text: &str) -> Self {
        Self { id, text: text.to_owned(), r#type: "info", context: None }
    }

    fn error(id: u32, text: impl Into<String>) -> Self {
        Self { id, text: text.into(), r#type: "error", context: None }
    }

    fn success(id: u32, text: &str) -> Self {
        Self { id, text: text.to_owned(), r#type: "success", context: None }
    }

    fn with(mut self, context: Value) -> Self {
        self.context = Some(context);
        self
    }

    /// A text that has no id of its own.
    fn generic(text: String) -> Self {
        let context = json!({ "reason": text });
        Self::error(4_000_001, text).with(context)
    }

    /// The label of the field for the e-mail address: its title in the identity schema.
    pub(super) fn email_label() -> Self {
        Self::info(1_070_002, "E-Mail").with(json!({ "title": "E-Mail" }))
    }

    pub(super) fn password_label() -> Self {
        Self::info(1_070_001, "Password")
    }

    /// The label of the button that submits the form.
    pub(super) fn submit_label(kind: FlowKind) -> Self {
        match kind {
            FlowKind::Registration => Self::info(1_040_001, "Sign up"),
            FlowKind::Login => Self::info(1_010_022, "Sign in with password"),
            FlowKind::Settings => Self::info(1_070_003, "Save"),
        }
    }

    /// What there is to say of the flow as it stands.
    pub(super) fn of_flow(flow: &Flow) -> Option<Self> {
        if flow.is_done {
            return Some(Self::success(1_050_001, "Your changes have been saved!"));
        }
        let text = "Please confirm this action by verifying that it is you.";
        flow.purpose.is_refresh.then(|| Self::info(1_010_003, text))
    }

    /// What `rule` says to the person who broke it in `field` of `flow`.
    pub(super) fn of(rule: &Rule, field: Option<Field>, flow: &Flow) -> Self {
        match rule {
            Rule::Missing => missing(field),
            Rule::Unknown { name } => {
                Self::generic(format!("additionalProperties {name:?} not allowed"))
            }
            Rule::WrongType { wanted, actual } => {
                let context = json!({ "allowed_types": [wanted], "actual_type": actual });
                let [wanted, actual] = [wanted.name(), actual.name()];
                Self::error(4_000_026, format!("expected {wanted}, but got {actual}")).with(context)
            }
            Rule::TooLong { max, actual } => {
                Self::error(4_000_017, format!("length must be <= {max}, but got {actual}"))
                    .with(json!({ "max_length": max, "actual_length": actual }))
            }
            Rule::NotEmail { typed } => Self::generic(format!("{typed:?} is not valid \"email\"")),
            Rule::PasswordTooShort { min, actual } => Self::error(
                4_000_032,
                format!("The password must be at least {min} characters long, but got {actual}."),
            )
            .with(json!({ "min_length": min, "actual_length": actual })),
            Rule::PasswordTooLong { max, actual } => Self::error(
                4_000_033,
                format!("The password must be at most {max} characters long, but got {actual}."),
            )
            .with(json!({ "max_length": max, "actual_length": actual })),
            Rule::PasswordTooCommon => policy("it is among the first that anybody would guess"),
            Rule::PasswordLikeIdentifier => Self::error(
                4_000_031,
                "The password can not be used because it is too similar to the identifier.",
            ),
            Rule::WrongCredentials => Self::error(
                4_000_006,
                "The provided credentials are invalid, check for spelling mistakes in your \
                 password or username, email address, or phone number.",
            ),
            Rule::EmailTaken => Self::generic(SIGN_UP_REFUSED.to_owned()),
            Rule::NoSuchMethod => no_such_method(flow.purpose.kind),
            Rule::FlowExpired { expired_at } => expired(*expired_at, flow),
        }
    }
}

fn missing(field: Option<Field>) -> Message {
    let property = field.map_or("", property_of);
    Message::error(4_000_002, format!("Property {property} is missing."))
        .with(json!({ "property": property }))
}

fn policy(reason: &str) -> Message {
    let text = format!("The password can not be used because {reason}.");
    Message::error(4_000_005, text).with(json!({ "reason": reason }))
}

fn no_such_method(kind: FlowKind) -> Message {
    let (id, what) = match kind {
        FlowKind::Login => (4_010_002, "log you in with"),
        FlowKind::Registration => (4_010_003, "sign you up with"),
        FlowKind::Settings => (4_010_004, "update your settings"),
    };
    let text = format!("Could not find a strategy to {what}. Did you fill out the form correctly?");
    Message::error(id, text)
}

/// Why this flow stands in the place of another. It was made when that was noticed.
fn expired(expired_at: Timestamp, flow: &Flow) -> Message {
    let id = match flow.purpose.kind {
        FlowKind::Login => 4_010_001,
        FlowKind::Registration => 4_040_001,
        FlowKind::Settings => 4_050_001,
    };
    let kind = flow.purpose.kind.as_str();
    let ago = minutes(flow.issued_at.until(expired_at));
    let text = format!("The {kind} flow expired {ago} minutes ago, please try again.");
    let unix = expired_at.as_micros().div_euclid(1_000_000);
    Message::error(id, text).with(json!({ "expired_at": expired_at, "expired_at_unix": unix }))
}

/// The field's name within the object it is in.
const fn property_of(field: Field) -> &'static str {
    match field {
        Field::Traits => "traits",
        Field::Email => "email",
        Field::Identifier => "identifier",
        Field::Password => "password",
    }
}
