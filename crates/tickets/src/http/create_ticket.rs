//! `POST /api/tickets`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::body::{number, text};
use http_kit::{Caller, Fields};
use kernel::{MajorUnits, Refusal};

use crate::Tickets;
use crate::commands::create_ticket::CreateTicket;
use crate::domain::{Description, TicketTitle};

/// Lists a ticket.
///
/// It is on sale at once, at `price` in the exchange's currency.
#[utoipa::path(
    post,
    path = "/api/tickets",
    tag = "tickets",
    request_body = CreateTicket,
    responses((status = 201, description = "The ticket, on sale.", body = events::Ticket)),
)]
pub(super) async fn create_ticket(
    State(tickets): State<Tickets>,
    caller: Caller,
    fields: Fields,
) -> Result<(StatusCode, Json<events::Ticket>), http_kit::Error> {
    let ticket = tickets.create_ticket(caller.0.user_id, parse(fields)?).await?;
    Ok((StatusCode::CREATED, Json(ticket.public())))
}

fn parse(mut fields: Fields) -> Result<CreateTicket, Refusal> {
    let title = fields.required("title", text(TicketTitle::parse));
    let price = fields.required("price", number(MajorUnits::parse));
    let description = fields.nullable("description", text(Description::parse)).flatten();
    fields.build(|| Some(CreateTicket { title: title?, price: price?, description }))
}
