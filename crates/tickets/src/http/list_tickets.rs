//! `GET /api/tickets`

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http_kit::MaybeCaller;
use http_kit::params::StartKey;
use serde::Serialize;

use super::query::{self, Projected, next_keys};
use crate::Tickets;
use crate::queries::list_tickets::ListTickets;

/// A page of tickets.
#[derive(Serialize)]
struct Answer<'a> {
    results: Vec<Projected<'a>>,
    /// Where the next page starts; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Vec<StartKey>>,
}

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
