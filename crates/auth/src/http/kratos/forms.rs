//! The forms, as the API's document describes them. They are read member by member in
//! [`super::super::submission`], so that one answer names every fault.
#![expect(dead_code, reason = "these types describe; they are never made")]

use utoipa::openapi::{OneOfBuilder, Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::error::KratosError;
use super::flow::FlowDocument;

/// Who signs up.
#[derive(ToSchema)]
pub(in crate::http) struct RegistrationForm {
    #[schema(schema_with = password_method)]
    method: String,
    /// At least 8 characters, neither common nor like the e-mail address.
    #[schema(min_length = 1, example = "nine lives of a cat")]
    password: String,
    traits: FormTraits,
    /// Of a browser's flow: what its node `csrf_token` holds.
    #[schema(nullable = false)]
    csrf_token: Option<String>,
}

/// What is known of somebody.
#[derive(ToSchema)]
pub(in crate::http) struct FormTraits {
    #[schema(format = Email, example = "ada@example.com")]
    email: String,
}

/// Who signs in.
#[derive(ToSchema)]
pub(in crate::http) struct LoginForm {
    #[schema(schema_with = password_method)]
    method: String,
    /// The e-mail address.
    #[schema(example = "ada@example.com")]
    identifier: String,
    #[schema(min_length = 1, example = "nine lives of a cat")]
    password: String,
    /// Of a browser's flow: what its node `csrf_token` holds.
    #[schema(nullable = false)]
    csrf_token: Option<String>,
}

/// Another password.
#[derive(ToSchema)]
pub(in crate::http) struct SettingsForm {
    #[schema(schema_with = password_method)]
    method: String,
    /// At least 8 characters, neither common nor like the e-mail address.
    #[schema(min_length = 1, example = "ten lives of another cat")]
    password: String,
    /// Of a browser's flow: what its node `csrf_token` holds.
    #[schema(nullable = false)]
    csrf_token: Option<String>,
}

/// Whose session ends.
#[derive(ToSchema)]
pub(in crate::http) struct LogoutForm {
    session_token: String,
}

/// Why a form was not taken: the form itself with messages, or an error.
pub(in crate::http) struct RefusedForm;

impl PartialSchema for RefusedForm {
    fn schema() -> RefOr<Schema> {
        let either = OneOfBuilder::new()
            .item(Ref::from_schema_name(FlowDocument::name()))
            .item(Ref::from_schema_name(KratosError::name()));
        either.into()
    }
}

impl ToSchema for RefusedForm {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        for (name, schema) in [
            (FlowDocument::name(), FlowDocument::schema()),
            (KratosError::name(), KratosError::schema()),
        ] {
            schemas.push((name.into_owned(), schema));
        }
        FlowDocument::schemas(schemas);
        KratosError::schemas(schemas);
    }
}

fn password_method() -> utoipa::openapi::Object {
    events::schema::one_of(["password"])
}
