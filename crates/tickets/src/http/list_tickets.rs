//! `GET /api/tickets`

use axum::Json;
use axum::extract::State;
use http_kit::params::StartKey;
use http_kit::{MaybeCaller, Page};
use kernel::Refusal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Tickets;
use crate::domain::{SearchTerms, Ticket};
use crate::queries::list_tickets::ListTickets;

/// A page of tickets.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketPage)]
pub(super) struct Answer {
    /// The tickets.
    results: Vec<events::Ticket>,
    /// What to send as `start_key` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<Vec<StartKey>>,
}

/// Finds tickets: those on sale, and the caller's own.
#[utoipa::path(
    get,
    path = "/api/tickets",
    tag = "tickets",
    responses((status = 200, description = "A page of tickets.", body = Answer)),
    security((), ("sessionToken" = []), ("sessionCookie" = [])),
)]
pub(super) async fn list_tickets(
    State(tickets): State<Tickets>,
    MaybeCaller(caller): MaybeCaller,
    page: Page,
) -> Result<Json<Answer>, http_kit::Error> {
    let terms = page.param("q").map(SearchTerms::parse).transpose();
    let terms = terms.map_err(|error| Refusal::field("q", error.to_string()))?;
    let caller = caller.map(|caller| caller.user_id);
    let query = ListTickets { caller, terms, after: page.after, limit: page.limit };
    let found = tickets.list_tickets(query).await?;
    let results = found.tickets.iter().map(Ticket::public).collect();
    Ok(Json(Answer { results, next: found.last.map(Page::next_after) }))
}
