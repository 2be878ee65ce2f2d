//! `POST /api/tickets`

use axum::extract::State;
use axum::response::Response;
use http_kit::body::{number, text};
use http_kit::{Caller, Fields, Once, Post, Shared, idempotency};
use kernel::{MajorUnits, Refusal};
use outbox::Answer;
use store::StoreError;

use crate::Tickets;
use crate::commands::create_ticket::CreateTicket;
use crate::domain::{Description, Ticket, TicketTitle};

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
    State(tickets): State<Shared<Tickets>>,
    caller: Caller,
    post: Post,
) -> Result<Response, http_kit::Error> {
    let (seller, command) = (caller.0.user_id, parse(post.fields)?);
    let once = Once::new(&tickets.journal, &*tickets.clock, seller, post.key);
    once.make(created, |remember| tickets.create_ticket(seller, command, remember)).await
}

fn created(ticket: &Ticket) -> Result<Answer, StoreError> {
    idempotency::created(&ticket.public())
}

fn parse(mut fields: Fields) -> Result<CreateTicket, Refusal> {
    let title = fields.required("title", text(TicketTitle::parse));
    let price = fields.required("price", number(MajorUnits::parse));
    let description = fields.nullable("description", text(Description::parse)).flatten();
    fields.build(|| Some(CreateTicket { title: title?, price: price?, description }))
}
