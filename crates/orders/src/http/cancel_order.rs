//! `DELETE /api/orders/{id}`

use axum::Json;
use axum::extract::State;
use http_kit::{Caller, IdPath};
use kernel::OrderId;
use ory::permit;
use ory::rights::EditOrder;

use crate::{Error, Orders};

pub(super) async fn cancel_order(
    State(orders): State<Orders>,
    caller: Caller,
    IdPath(id): IdPath<OrderId>,
) -> Result<Json<events::Order>, http_kit::Error> {
    orders.find_order(id).await?;
    let permit = permit::<EditOrder>(&*orders.permissions, caller.0.user_id, id).await;
    let order = orders.cancel_order(permit.map_err(Error::from)?).await?;
    Ok(Json(order.public()))
}
