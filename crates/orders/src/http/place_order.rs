//! `POST /api/orders`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::body::text;
use http_kit::{Caller, Fields};
use kernel::{Refusal, TicketId};
use ory::rights::OrderTicket;
use ory::{Denied, permit};

use crate::{Error, OrderError, Orders};

pub(super) async fn place_order(
    State(orders): State<Orders>,
    caller: Caller,
    fields: Fields,
) -> Result<(StatusCode, Json<events::Order>), http_kit::Error> {
    let ticket_id = parse(fields)?;
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

fn parse(mut fields: Fields) -> Result<TicketId, Refusal> {
    let ticket_id = fields.required("ticketId", text(TicketId::parse));
    fields.build(|| ticket_id)
}
