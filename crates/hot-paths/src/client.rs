//! Requests as a client sends them, and what came of them.

use anyhow::{Context, ensure};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::request::Builder;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// A request, and the status of the answer that it must have.
pub(crate) struct Ask {
    pub(crate) request: Request<Body>,
    pub(crate) status: u16,
}

impl Ask {
    /// `GET`, of somebody with this session or, if it is empty, of anybody.
    pub(crate) fn get(path: &str, token: &str) -> anyhow::Result<Self> {
        let request = head("GET", path, token).body(Body::empty()).context("a request")?;
        Ok(Self { request, status: 200 })
    }

    /// `POST`, to be answered with `status`.
    pub(crate) fn post(path: &str, token: &str, json: &Value, status: u16) -> anyhow::Result<Self> {
        let head = head("POST", path, token).header("content-type", "application/json");
        let request = head.body(Body::from(json.to_string())).context("a request")?;
        Ok(Self { request, status })
    }

    /// Sends it to `router`, and reads the whole answer.
    pub(crate) async fn of(self, router: &Router) -> anyhow::Result<Vec<u8>> {
        let answer = router.clone().oneshot(self.request).await?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await?.to_bytes();
        let said = || String::from_utf8_lossy(&body);
        ensure!(status == self.status, "answered {status} instead of {}: {}", self.status, said());
        Ok(body.into())
    }
}

/// What HTTP libraries send along.
fn head(method: &str, path: &str, token: &str) -> Builder {
    let head = Request::builder().method(method).uri(path);
    let head = head.header("host", "localhost").header("accept", "*/*");
    let head = head.header("user-agent", "hot-paths");
    if token.is_empty() { head } else { head.header("authorization", format!("Bearer {token}")) }
}
