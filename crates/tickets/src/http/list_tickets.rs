//! `GET /api/tickets`

use axum::Json;
use axum::extract::State;
use http_kit::params::StartKey;
use http_kit::{MaybeCaller, Page};
use kernel::Refusal;
use serde::Serialize;

use crate::Tickets;
use crate::domain::{SearchTerms, Ticket};
use crate::queries::list_tickets::ListTickets;

#[derive(Serialize)]
pub(super) struct Answer {
    results: Vec<events::Ticket>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Vec<StartKey>>,
}

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
