//! Where the documents are read: as JSON, and as a page that needs nothing from elsewhere.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::text::Text;

const JSON: &str = "application/json";

/// The page; `RapiDoc` (MIT, <https://rapidocweb.com>) draws the document.
const PAGE: &str = include_str!("../assets/open-api.html");

/// `RapiDoc` 9.3.8, as released.
const READER: &str = include_str!("../assets/rapidoc-min.js");

/// The page may load its reader and the document from here, and nothing from anywhere else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// The documents, made once.
#[derive(Debug, Clone)]
pub struct Documents {
    openapi: Arc<Text>,
    asyncapi: Arc<Text>,
    reader: Arc<Text>,
}

impl Documents {
    /// These documents, as JSON texts.
    #[must_use]
    pub fn new(openapi: String, asyncapi: String) -> Self {
        Self {
            openapi: Arc::new(Text::new(openapi.into())),
            asyncapi: Arc::new(Text::new(asyncapi.into())),
            reader: Arc::new(Text::new(Bytes::from_static(READER.as_bytes()))),
        }
    }
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
async fn show_openapi(State(documents): State<Documents>, headers: HeaderMap) -> Response {
    ([(CONTENT_TYPE, JSON)], documents.openapi.to(&headers).await).into_response()
}

/// The document of the events.
#[utoipa::path(
    get,
    path = "/async-api-json",
    tag = "operation",
    responses((status = 200, description = "AsyncAPI 3.0.", body = serde_json::Value)),
    security(()),
)]
async fn show_asyncapi(State(documents): State<Documents>, headers: HeaderMap) -> Response {
    ([(CONTENT_TYPE, JSON)], documents.asyncapi.to(&headers).await).into_response()
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
async fn show_reader(State(documents): State<Documents>, headers: HeaderMap) -> Response {
    let kept = "public, max-age=31536000, immutable";
    let script = [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, kept)];
    (script, documents.reader.to(&headers).await).into_response()
}
