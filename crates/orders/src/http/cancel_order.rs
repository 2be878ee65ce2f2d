//! `DELETE /api/orders/{id}`

use axum::Json;
use axum::extract::State;
use http_kit::{Caller, IdPath, Shared};
use kernel::OrderId;
use ory::permit;
use ory::rights::EditOrder;

use crate::{Error, Orders};

/// Gives a reservation back.
///
/// The ticket is on sale again. A payment under way is voided: nobody is charged.
#[utoipa::path(
    delete,
    path = "/api/orders/{id}",
    tag = "orders",
    params(("id" = Uuid, Path, description = "The order's id.")),
    responses(
        (status = 200, description = "The order, `cancelled`.", body = events::Order),
        (status = 400, description = "`order-complete`: it is paid; it can't be cancelled."),
        (status = 403, description = "`not-permitted`: it is somebody else's order."),
        (status = 404, description = "`order-not-found`: there is no such order."),
        (status = 409, description = "`conflict`: others changed it at the same time."),
    ),
)]
pub(super) async fn cancel_order(
    State(orders): State<Shared<Orders>>,
    caller: Caller,
    IdPath(id): IdPath<OrderId>,
) -> Result<Json<events::Order>, http_kit::Error> {
    orders.find_order(id).await?;
    let permit = permit::<EditOrder>(&*orders.permissions, caller.0.user_id, id).await;
    let order = orders.cancel_order(permit.map_err(Error::from)?).await?;
    Ok(Json(order.public()))
}
