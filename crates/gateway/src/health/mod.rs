//! Health, apart for those who ask: an orchestrator asks whether the process lives
//! (`/api/health/live`) and whether to send it requests (`/api/health/ready`); a person asks how
//! everything is (`/api/health`), and how one context is (`/api/health/orders`).
//!
//! The checks are in [`vitals`], and are made at most once a second, however many ask. What is
//! answered says which part is down, and neither where it is nor how large: anyone may read it.

pub(crate) mod vitals;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use http_kit::problem::status_of;
use kernel::Kind;
use serde::Serialize;
use utoipa::ToSchema;
use vitals::{ContextVitals, Health, Level, Vitals};

/// One check's answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthPart)]
pub(crate) struct Part {
    status: Level,
    /// Events that could not be handled. They wait for a person, and stop nothing else.
    #[serde(rename = "deadLetters", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    dead_letters: Option<i64>,
}

/// Checks by their names.
pub(crate) type Parts = BTreeMap<&'static str, Part>;

/// How the exchange is.
#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
struct Answer {
    /// `ok`, or `error` when a part is down.
    status: &'static str,
    /// The parts, by their names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Part>, required = false)]
    details: Parts,
}

/// Tells how everything is.
///
/// A line for each context, for the disk and for memory.
#[utoipa::path(
    get,
    path = "/api/health",
    tag = "operation",
    responses(
        (status = 200, description = "All is well.", body = Answer),
        (status = 503, description = "A part is down.", body = Answer),
    ),
    security(()),
)]
pub(crate) async fn overall(State(health): State<Arc<Health>>) -> Response {
    answer(overall_parts(&*health.look().await))
}

/// Tells that the process lives.
///
/// Looks at nothing, so that a full disk or a slow database is no reason to be restarted.
#[utoipa::path(
    get,
    path = "/api/health/live",
    tag = "operation",
    responses((status = 200, description = "It lives.", body = Answer)),
    security(()),
)]
pub(crate) async fn live() -> Response {
    answer(Parts::new())
}

/// Tells whether it makes sense to send requests.
///
/// No more once it is stopping; not while a database can't be read or written, or the disk is
/// nearly full.
#[utoipa::path(
    get,
    path = "/api/health/ready",
    tag = "operation",
    responses(
        (status = 200, description = "All is well.", body = Answer),
        (status = 503, description = "A part is down.", body = Answer),
    ),
    security(()),
)]
pub(crate) async fn ready(State(health): State<Arc<Health>>) -> Response {
    let running = if health.is_stopping() { Level::Down } else { Level::Up };
    let vitals = health.look().await;
    let mut parts: Parts = vitals
        .contexts
        .iter()
        .map(|(name, context)| (*name, part(context.database.and(context.writes))))
        .collect();
    parts.extend(vitals.disk.map(|disk| ("disk", part(disk))));
    parts.insert("running", part(running));
    answer(parts)
}

/// Tells how one context is.
///
/// Its database, whether it can be written, and whether its events are delivered.
#[utoipa::path(
    get,
    path = "/api/health/{context}",
    tag = "operation",
    params(("context" = String, Path, description = "Its name, such as `orders`.")),
    responses(
        (status = 200, description = "All is well.", body = Answer),
        (status = 503, description = "A part is down.", body = Answer),
        (status = 404, description = "`unknown-path`: there is no such context."),
    ),
    security(()),
)]
pub(crate) async fn of_context(
    State(health): State<Arc<Health>>,
    Path(name): Path<String>,
) -> Response {
    let vitals = health.look().await;
    if let Some(context) = vitals.contexts.get(name.as_str()) {
        return answer(context_parts(context));
    }
    match vitals.dependencies.get_key_value(name.as_str()) {
        Some((name, level)) => answer(Parts::from([(*name, part(*level))])),
        None => status_of(Kind::NotFound).into_response(),
    }
}

/// A line for each context, for what they share, and for what else they need.
pub(crate) fn overall_parts(vitals: &Vitals) -> Parts {
    let context = |(name, context): (&&'static str, &ContextVitals)| {
        let dead_letters = context.dead_letters.filter(|count| *count > 0);
        (*name, Part { dead_letters, ..part(context.level()) })
    };
    let mut parts: Parts = vitals.contexts.iter().map(context).collect();
    parts.extend(vitals.dependencies.iter().map(|(name, level)| (*name, part(*level))));
    parts.extend(vitals.disk.map(|disk| ("disk", part(disk))));
    parts.insert("memory", part(vitals.memory));
    parts
}

fn context_parts(context: &ContextVitals) -> Parts {
    let dead_letters = context.dead_letters;
    Parts::from([
        ("database", part(context.database)),
        ("relay", Part { dead_letters, ..part(context.relay) }),
        ("writes", part(context.writes)),
    ])
}

const fn part(status: Level) -> Part {
    Part { status, dead_letters: None }
}

impl Part {
    /// As the metric of it says it.
    pub(crate) const fn level(&self) -> Level {
        self.status
    }
}

/// 200 unless a part is down; nobody keeps the answer.
fn answer(details: Parts) -> Response {
    let is_down = details.values().any(|part| part.status == Level::Down);
    let status = if is_down { "error" } else { "ok" };
    let mut response = Json(Answer { status, details }).into_response();
    if is_down {
        *response.status_mut() = status_of(Kind::Unavailable);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
