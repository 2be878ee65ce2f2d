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

/// `GET /schemas/{id}`: by the id as it is, or as it stands in the URL.
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
