//! `GET /api/tickets`

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http_kit::MaybeCaller;
use http_kit::params::StartKey;
use serde::Serialize;
use utoipa::openapi::schema::{Array, ArrayBuilder};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::query::{self, Projected, next_keys};
use crate::Tickets;
use crate::queries::list_tickets::ListTickets;

/// A page of tickets.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketPage)]
pub(super) struct Answer<'a> {
    /// The tickets, with the fields that `projection` leaves.
    #[schema(schema_with = projected)]
    results: Vec<Projected<'a>>,
    /// What to send as `start_key` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<Vec<StartKey>>,
}

/// Tickets of which only `id` is sure to be there.
fn projected() -> Array {
    let mut ticket = events::Ticket::schema();
    if let RefOr::T(Schema::Object(object)) = &mut ticket {
        object.required = vec!["id".to_owned()];
    }
    ArrayBuilder::new().items(ticket).build()
}

/// Finds tickets: those on sale, and the caller's own.
#[utoipa::path(
    get,
    path = "/api/tickets",
    tag = "tickets",
    responses((status = 200, description = "A page of tickets.", body = Answer<'static>)),
    security((), ("sessionToken" = []), ("sessionCookie" = [])),
)]
pub(super) async fn list_tickets(
    State(tickets): State<Tickets>,
    MaybeCaller(caller): MaybeCaller,
    RawQuery(text): RawQuery,
) -> Result<Response, http_kit::Error> {
    let (query, projection) = query::parse(text.as_deref().unwrap_or_default())?;
    let sort = query.sort;
    let caller = caller.map(|caller| caller.user_id);
    let page = tickets.list_tickets(ListTickets { caller, query }).await?;
    let projected = |ticket| Projected { ticket, projection: &projection };
    let next = page.tickets.last().filter(|_| page.has_more).map(|last| next_keys(last, sort));
    let results = page.tickets.iter().map(|ticket| projected(ticket.public())).collect();
    Ok(Json(Answer { results, next }).into_response())
}
