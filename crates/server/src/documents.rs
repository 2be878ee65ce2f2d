//! The documents of the API and of the events, put together from what the contexts say of
//! themselves: printed by `ticketing openapi` and `ticketing asyncapi`, and served.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use api_docs::{Documents, Hears};
use axum::Router;
use utoipa::openapi::OpenApi;

/// Who hears which events.
pub(crate) const HEARERS: &[Hears] = &[
    ("tickets", tickets::HEARS),
    ("orders", orders::HEARS),
    ("payments", payments::HEARS),
    ("expiration", expiration::HEARS),
];

/// The routes that show the documents.
pub(crate) fn router() -> Router {
    api_docs::router(Documents::new(openapi_text(), asyncapi_text()))
}

/// The OpenAPI document as JSON.
pub(crate) fn openapi_text() -> String {
    text(&openapi())
}

/// The AsyncAPI document as JSON.
pub(crate) fn asyncapi_text() -> String {
    text(&api_docs::asyncapi(HEARERS))
}

fn openapi() -> OpenApi {
    api_docs::openapi(vec![
        tickets::api(),
        orders::api(),
        payments::api(),
        auth::api(),
        gateway::api(),
        api_docs::api(),
    ])
}

/// No type of these documents can fail to be JSON; a test compares both with their golden files.
fn text(document: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}

/// Writes `text` to standard output.
pub(crate) fn print(text: &str) -> anyhow::Result<ExitCode> {
    std::io::stdout().write_all(text.as_bytes()).context("standard output")?;
    Ok(ExitCode::SUCCESS)
}
