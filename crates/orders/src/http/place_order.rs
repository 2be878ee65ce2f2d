//! `POST /api/orders`

use axum::extract::State;
use axum::response::Response;
use http_kit::body::text;
use http_kit::{Caller, Fields, Once, Post, idempotency};
use kernel::{Refusal, TicketId, UserId};
use ory::rights::OrderTicket;
use ory::{Denied, Permit, permit};
use outbox::Answer;
use store::StoreError;

use crate::domain::Order;
use crate::{Error, OrderError, Orders};

pub(super) async fn place_order(
    State(orders): State<Orders>,
    caller: Caller,
    post: Post,
) -> Result<Response, http_kit::Error> {
    let (buyer, ticket_id) = (caller.0.user_id, parse(post.fields)?);
    let once = Once::new(&orders.journal, &*orders.clock, buyer, post.key);
    let place = async |remember| {
        let permit = permit_to_order(&orders, buyer, ticket_id).await?;
        orders.place_order(permit, remember).await
    };
    once.make(created, place).await
}

/// Everybody but the owner has this right.
async fn permit_to_order(
    orders: &Orders,
    buyer: UserId,
    ticket: TicketId,
) -> Result<Permit<OrderTicket>, Error> {
    permit(&*orders.permissions, buyer, ticket).await.map_err(|denied| match denied {
        Denied::No { .. } => Error::NotPlaced(ticket, OrderError::OwnTicket),
        unknown @ Denied::Unknown(_) => unknown.into(),
    })
}

fn created(order: &Order) -> Result<Answer, StoreError> {
    idempotency::created(&order.public())
}

fn parse(mut fields: Fields) -> Result<TicketId, Refusal> {
    let ticket_id = fields.required("ticketId", text(TicketId::parse));
    fields.build(|| ticket_id)
}
