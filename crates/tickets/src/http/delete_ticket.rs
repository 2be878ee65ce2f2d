//! `DELETE /api/tickets/{id}`

use axum::Json;
use axum::extract::State;
use http_kit::{Caller, IdPath};
use kernel::TicketId;

use crate::Tickets;

pub(super) async fn delete_ticket(
    State(tickets): State<Tickets>,
    caller: Caller,
    IdPath(id): IdPath<TicketId>,
) -> Result<Json<events::Ticket>, http_kit::Error> {
    let permit = super::permit_edit(&tickets, &caller, id).await?;
    Ok(Json(tickets.withdraw_ticket(permit).await?.public()))
}
