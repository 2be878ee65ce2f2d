//! `PATCH /api/tickets/{id}`

use axum::Json;
use axum::extract::State;
use http_kit::body::{number, text};
use http_kit::{Caller, Fields, IdPath, Shared};
use kernel::{MajorUnits, Refusal, TicketId, Version};

use crate::Tickets;
use crate::domain::{Description, Edit, TicketTitle};

/// Changes a ticket of the caller's.
///
/// A `version` makes sure that it hasn't changed since the caller read it.
#[utoipa::path(
    patch,
    path = "/api/tickets/{id}",
    tag = "tickets",
    params(("id" = Uuid, Path, description = "The ticket's id.")),
    request_body = Edit,
    responses(
        (status = 200, description = "The ticket as it is now.", body = events::Ticket),
        (status = 400, description = "`ticket-held`: it is reserved or sold. \
            `ticket-withdrawn`: it was taken back. `validation`: a field is wrong."),
        (status = 403, description = "`not-permitted`: it is somebody else's ticket."),
        (status = 404, description = "`ticket-not-found`: there is no such ticket."),
        (status = 409, description = "`stale-version`: it has changed since that version."),
    ),
)]
pub(super) async fn patch_ticket(
    State(tickets): State<Shared<Tickets>>,
    caller: Caller,
    IdPath(id): IdPath<TicketId>,
    fields: Fields,
) -> Result<Json<events::Ticket>, http_kit::Error> {
    let edit = parse(fields)?;
    let permit = super::permit_edit(&tickets, &caller, id).await?;
    Ok(Json(tickets.edit_ticket(permit, edit).await?.public()))
}

fn parse(mut fields: Fields) -> Result<Edit, Refusal> {
    let title = fields.optional("title", text(TicketTitle::parse));
    let price = fields.optional("price", number(MajorUnits::parse));
    let description = fields.nullable("description", text(Description::parse));
    let version = fields.optional("version", number(parse_version));
    fields.build(|| Some(Edit { title, price, description, version }))
}

/// In JSON Schema `3.0` is a whole number, too.
fn parse_version(text: &str) -> Result<Version, &'static str> {
    let whole = text.split_once('.').filter(|(_, rest)| rest.bytes().all(|digit| digit == b'0'));
    whole
        .map_or(text, |(whole, _)| whole)
        .parse()
        .map(Version::new)
        .map_err(|_| "must be a whole number, 0 or more")
}
