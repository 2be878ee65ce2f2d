//! `GET /api/orders/{id}`

use axum::Json;
use axum::extract::State;
use http_kit::{Caller, IdPath, Shared};
use kernel::OrderId;
use ory::permit;
use ory::rights::ViewOrder;

use crate::{Error, Orders};

/// Shows an order to its buyer and to the ticket's seller.
#[utoipa::path(
    get,
    path = "/api/orders/{id}",
    tag = "orders",
    params(("id" = Uuid, Path, description = "The order's id.")),
    responses(
        (status = 200, description = "The order.", body = events::Order),
        (status = 403, description = "`not-permitted`: it is somebody else's order."),
        (status = 404, description = "`order-not-found`: there is no such order."),
    ),
)]
pub(super) async fn get_order(
    State(orders): State<Shared<Orders>>,
    caller: Caller,
    IdPath(id): IdPath<OrderId>,
) -> Result<Json<events::Order>, http_kit::Error> {
    let order = orders.find_order(id).await?;
    permit::<ViewOrder>(&*orders.permissions, caller.0.user_id, id).await.map_err(Error::from)?;
    Ok(Json(order.public()))
}
