//! `POST /api/orders`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::body::text;
use http_kit::{Caller, Fields};
use kernel::{Refusal, TicketId};
use ory::rights::OrderTicket;
use ory::{Denied, permit};
use utoipa::ToSchema;

use crate::{Error, OrderError, Orders};

/// What to reserve.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PlaceOrderBody {
    /// The ticket.
    #[schema(schema_with = events::schema::id)]
    ticket_id: TicketId,
}

/// Reserves a ticket for the caller.
///
/// Whoever comes first has it, until `expiresAt`; then it goes back on sale if it isn't paid.
#[utoipa::path(
    post,
    path = "/api/orders",
    tag = "orders",
    request_body = PlaceOrderBody,
    responses(
        (status = 201, description = "The order; the ticket is reserved.", body = events::Order),
        (status = 400, description = "`ticket-already-reserved`: somebody else was first. \
            `ticket-not-for-sale`: it is not on sale. `validation`: a field is wrong."),
        (status = 403, description = "`own-ticket`: it is the caller's own ticket."),
        (status = 404, description = "`ticket-not-found`: there is no such ticket."),
    ),
)]
pub(super) async fn place_order(
    State(orders): State<Orders>,
    caller: Caller,
    fields: Fields,
) -> Result<(StatusCode, Json<events::Order>), http_kit::Error> {
    let PlaceOrderBody { ticket_id } = parse(fields)?;
    let user = caller.0.user_id;
    let permit = permit::<OrderTicket>(&*orders.permissions, user, ticket_id).await;
    let permit = permit.map_err(|denied| match denied {
        // everybody but the owner has this right
        Denied::No { .. } => Error::NotPlaced(ticket_id, OrderError::OwnTicket),
        unknown @ Denied::Unknown(_) => unknown.into(),
    })?;
    let order = orders.place_order(permit).await?;
    Ok((StatusCode::CREATED, Json(order.public())))
}

fn parse(mut fields: Fields) -> Result<PlaceOrderBody, Refusal> {
    let ticket_id = fields.required("ticketId", text(TicketId::parse));
    fields.build(|| Some(PlaceOrderBody { ticket_id: ticket_id? }))
}
