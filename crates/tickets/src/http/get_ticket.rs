//! `GET /api/tickets/{id}`

use axum::Json;
use axum::extract::State;
use http_kit::{IdPath, Shared};
use kernel::TicketId;

use crate::Tickets;

/// Shows a ticket.
#[utoipa::path(
    get,
    path = "/api/tickets/{id}",
    tag = "tickets",
    params(("id" = Uuid, Path, description = "The ticket's id.")),
    responses(
        (status = 200, description = "The ticket.", body = events::Ticket),
        (status = 404, description = "`ticket-not-found`: there is no such ticket."),
    ),
    security(()),
)]
pub(super) async fn get_ticket(
    State(tickets): State<Shared<Tickets>>,
    IdPath(id): IdPath<TicketId>,
) -> Result<Json<events::Ticket>, http_kit::Error> {
    Ok(Json(tickets.find_ticket(id).await?.public()))
}
