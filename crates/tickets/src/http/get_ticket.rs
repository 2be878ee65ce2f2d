//! `GET /api/tickets/{id}`

use axum::Json;
use axum::extract::State;
use http_kit::IdPath;
use kernel::TicketId;

use crate::Tickets;

pub(super) async fn get_ticket(
    State(tickets): State<Tickets>,
    IdPath(id): IdPath<TicketId>,
) -> Result<Json<events::Ticket>, http_kit::Error> {
    Ok(Json(tickets.find_ticket(id).await?.public()))
}
