//! `GET /api/tickets/{id}`

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
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
) -> Result<Response, http_kit::Error> {
    let shown = tickets.show_ticket(id).await?;
    let json = shown.json()?.to_owned();
    Ok(([(CONTENT_TYPE, "application/json")], json).into_response())
}
