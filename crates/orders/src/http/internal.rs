//! `/internal/*`: what orders has for the other services, where they run for themselves. Public
//! documents don't tell of it, and it takes the service key.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use http_kit::Shared;
use kernel::{EventId, OrderId, Timestamp};
use ory::ServiceKey;
use serde::{Deserialize, Serialize};

use crate::Orders;
use crate::queries::open_reservations::OpenReservation;

/// Reservations on a page, if nothing is said, and at most.
const PAGE: u32 = 500;
const PAGE_MAX: u32 = 1000;

/// The routes for other services, for who shows `key`.
pub fn internal(orders: Orders, key: &ServiceKey) -> Router {
    let routes = Router::new()
        .route("/internal/heard/{event_id}", get(heard))
        .route("/internal/open-reservations", get(open_reservations))
        .with_state(Shared::new(orders));
    http_kit::internal(routes, key)
}

/// Whether orders has handled an event: 200, or 404 as long as it hasn't.
async fn heard(
    State(orders): State<Shared<Orders>>,
    Path(event_id): Path<String>,
) -> Result<StatusCode, http_kit::Error> {
    let Ok(event) = EventId::parse(&event_id) else {
        return Ok(StatusCode::NOT_FOUND);
    };
    let is_heard = orders.journal.has_handled(event).await?;
    Ok(if is_heard { StatusCode::OK } else { StatusCode::NOT_FOUND })
}

#[derive(Debug, Deserialize)]
struct PageQuery {
    after: Option<OrderId>,
    limit: Option<u32>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reservation {
    id: OrderId,
    expires_at: Timestamp,
}

/// A page of the reservations that wait to be paid; an empty one is the last.
async fn open_reservations(
    State(orders): State<Shared<Orders>>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Vec<Reservation>>, http_kit::Error> {
    let limit = page.limit.unwrap_or(PAGE).clamp(1, PAGE_MAX);
    let found = orders.open_reservations(page.after, limit).await?;
    let shown = |OpenReservation { id, expires_at }| Reservation { id, expires_at };
    Ok(Json(found.into_iter().map(shown).collect()))
}
