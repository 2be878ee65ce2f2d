//! `POST /api/orders`

use axum::extract::State;
use axum::response::Response;
use http_kit::body::text;
use http_kit::{Caller, Fields, Once, Post, Shared, idempotency};
use kernel::{Refusal, TicketId, UserId};
use ory::rights::OrderTicket;
use ory::{Denied, Permit, permit};
use outbox::Answer;
use store::StoreError;
use utoipa::ToSchema;

use crate::domain::Order;
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
        (status = 409, description = "`conflict`: its seller changed it again and again."),
    ),
)]
pub(super) async fn place_order(
    State(orders): State<Shared<Orders>>,
    caller: Caller,
    post: Post,
) -> Result<Response, http_kit::Error> {
    let buyer = caller.0.user_id;
    let PlaceOrderBody { ticket_id } = parse(post.fields)?;
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

fn parse(mut fields: Fields) -> Result<PlaceOrderBody, Refusal> {
    let ticket_id = fields.required("ticketId", text(TicketId::parse));
    fields.build(|| Some(PlaceOrderBody { ticket_id: ticket_id? }))
}
