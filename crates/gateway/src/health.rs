//! `GET /api/health`: whether each context's database answers. Never asks anybody outside.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::future::join_all;
use http_kit::problem::status_of;
use kernel::Kind;
use outbox::Journal;
use serde::Serialize;

#[derive(Serialize)]
struct Part {
    status: &'static str,
}

#[derive(Serialize)]
struct Answer {
    status: &'static str,
    details: BTreeMap<&'static str, Part>,
}

pub(super) async fn health(State(contexts): State<Arc<[(&'static str, Journal)]>>) -> Response {
    let checks = contexts.iter().map(|(name, journal)| async {
        let is_up = journal.is_open() && journal.backlog().await.is_ok();
        let status = if is_up { "up" } else { "down" };
        (*name, Part { status })
    });
    let details: BTreeMap<_, _> = join_all(checks).await.into_iter().collect();
    if details.values().all(|part| part.status == "up") {
        Json(Answer { status: "ok", details }).into_response()
    } else {
        (status_of(Kind::Unavailable), Json(Answer { status: "error", details })).into_response()
    }
}
