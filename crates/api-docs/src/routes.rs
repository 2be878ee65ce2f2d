//! Where the documents are read: as JSON, and as a page that needs nothing from elsewhere.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The page; `RapiDoc` (MIT, <https://rapidocweb.com>) draws the document.
const PAGE: &str = include_str!("../assets/open-api.html");

/// `RapiDoc` 9.3.8, as released.
const READER: &str = include_str!("../assets/rapidoc-min.js");

/// The page may load its reader and the document from here, and nothing from anywhere else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// The documents as JSON texts, made once.
#[derive(Debug, Clone)]
pub struct Documents {
    /// OpenAPI.
    pub openapi: Arc<str>,
    /// AsyncAPI.
    pub asyncapi: Arc<str>,
}

/// The routes that show `documents`.
pub fn router(documents: Documents) -> Router {
    routes().with_state(documents).into()
}

/// What the routes answer.
#[must_use]
pub fn api() -> OpenApi {
    routes().into_openapi()
}

fn routes() -> OpenApiRouter<Documents> {
    OpenApiRouter::new()
        .routes(routes!(show_openapi))
        .routes(routes!(show_asyncapi))
        .routes(routes!(show_page))
        .routes(routes!(show_reader))
}

/// This document.
#[utoipa::path(
    get,
    path = "/open-api-json",
    tag = "operation",
    responses((status = 200, description = "OpenAPI 3.1.", body = serde_json::Value)),
    security(()),
)]
async fn show_openapi(State(documents): State<Documents>) -> impl IntoResponse {
    json(&documents.openapi)
}

/// The document of the events.
#[utoipa::path(
    get,
    path = "/async-api-json",
    tag = "operation",
    responses((status = 200, description = "AsyncAPI 3.0.", body = serde_json::Value)),
    security(()),
)]
async fn show_asyncapi(State(documents): State<Documents>) -> impl IntoResponse {
    json(&documents.asyncapi)
}

/// A page to read this document with.
#[utoipa::path(
    get,
    path = "/open-api",
    tag = "operation",
    responses((status = 200, description = "A page.", body = String, content_type = "text/html")),
    security(()),
)]
async fn show_page() -> impl IntoResponse {
    ([(CONTENT_SECURITY_POLICY, POLICY)], Html(PAGE))
}

/// The page's script.
#[utoipa::path(
    get,
    path = "/open-api/rapidoc-9.3.8.js",
    tag = "operation",
    responses(
        (status = 200, description = "A script.", body = String, content_type = "text/javascript"),
    ),
    security(()),
)]
async fn show_reader() -> impl IntoResponse {
    let kept = "public, max-age=31536000, immutable";
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, kept)], READER)
}

fn json(text: &Arc<str>) -> impl IntoResponse + use<> {
    ([(CONTENT_TYPE, "application/json")], text.to_string())
}
