//! `GET /api/payments?orderId=`

use axum::Json;
use axum::extract::State;
use http_kit::{Caller, Page};
use kernel::{OrderId, Refusal};
use ory::rights::ViewOrder;

use crate::Payments;
use crate::domain::Payment;

/// Lists the payments of an order, newest first.
#[utoipa::path(
    get,
    path = "/api/payments",
    tag = "payments",
    params(("orderId" = Uuid, Query, description = "The order's id.")),
    responses(
        (status = 200, description = "The order's payments.", body = Vec<events::Payment>),
        (status = 403, description = "`forbidden`: it is somebody else's order."),
        (status = 404, description = "`order-not-found`: there is no such order."),
    ),
)]
pub(super) async fn list_payments(
    State(payments): State<Payments>,
    caller: Caller,
    page: Page,
) -> Result<Json<Vec<events::Payment>>, http_kit::Error> {
    let order_id = page.param("orderId").ok_or_else(|| Refusal::field("orderId", "is required"))?;
    let order_id =
        OrderId::parse(order_id).map_err(|error| Refusal::field("orderId", error.to_string()))?;
    // who may view an order may view its payments
    super::permit_on_order::<ViewOrder>(&payments, caller.0.user_id, order_id).await?;
    let found = payments.list_payments(order_id, page.limit).await?;
    Ok(Json(found.iter().map(Payment::public).collect()))
}
