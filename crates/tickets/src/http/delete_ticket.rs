//! `DELETE /api/tickets/{id}`

use axum::Json;
use axum::extract::State;
use http_kit::{Caller, IdPath, Shared};
use kernel::TicketId;

use crate::Tickets;

/// Takes a ticket of the caller's off the market.
#[utoipa::path(
    delete,
    path = "/api/tickets/{id}",
    tag = "tickets",
    params(("id" = Uuid, Path, description = "The ticket's id.")),
    responses(
        (status = 200, description = "The ticket, `withdrawn`.", body = events::Ticket),
        (status = 400, description = "`ticket-held`: it is reserved or sold."),
        (status = 403, description = "`not-permitted`: it is somebody else's ticket."),
        (status = 404, description = "`ticket-not-found`: there is no such ticket."),
        (status = 409, description = "`conflict`: others changed it at the same time."),
    ),
)]
pub(super) async fn delete_ticket(
    State(tickets): State<Shared<Tickets>>,
    caller: Caller,
    IdPath(id): IdPath<TicketId>,
) -> Result<Json<events::Ticket>, http_kit::Error> {
    let permit = super::permit_edit(&tickets, &caller, id).await?;
    Ok(Json(tickets.withdraw_ticket(permit).await?.public()))
}
