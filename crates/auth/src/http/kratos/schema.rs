//! The identity schema: what is known of an identity. Its URL is part of every identity document.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::KratosError;

/// The one schema there is.
pub(super) const SCHEMA_ID: &str = "default";

const SCHEMA: &str = include_str!("identity.schema.json");

/// Where the schema is; Kratos writes its id in base64 there.
pub(super) fn schema_url(public_url: &str) -> String {
    format!("{public_url}/schemas/{}", encoded_id())
}

/// Shows what is known of an identity, as JSON Schema.
#[utoipa::path(
    get,
    path = "/schemas/{id}",
    tag = "identity",
    params(("id" = String, Path, description = "The schema's id, such as `default`.")),
    responses(
        (status = 200, description = "The schema.", body = serde_json::Value),
        (status = 404, description = "There is no such schema.", body = KratosError),
    ),
    security(()),
)]
pub(in crate::http) async fn show_schema(Path(id): Path<String>) -> Response {
    if id == SCHEMA_ID || id == encoded_id() {
        ([(header::CONTENT_TYPE, "application/json")], SCHEMA).into_response()
    } else {
        KratosError::not_found().into_response()
    }
}

fn encoded_id() -> String {
    URL_SAFE_NO_PAD.encode(SCHEMA_ID)
}
