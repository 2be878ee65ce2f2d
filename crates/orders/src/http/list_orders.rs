//! `GET /api/orders`

use axum::Json;
use axum::extract::State;
use http_kit::{Caller, Page};
use kernel::Refusal;

use crate::Orders;
use crate::domain::Order;
use crate::queries::list_orders::Side;

/// Lists the caller's orders, newest first.
#[utoipa::path(
    get,
    path = "/api/orders",
    tag = "orders",
    responses((status = 200, description = "A page of orders.", body = Vec<events::Order>)),
)]
pub(super) async fn list_orders(
    State(orders): State<Orders>,
    caller: Caller,
    page: Page,
) -> Result<Json<Vec<events::Order>>, http_kit::Error> {
    let side = match page.param("as") {
        None | Some("buyer") => Side::Buyer,
        Some("seller") => Side::Seller,
        Some(_) => return Err(Refusal::field("as", "must be buyer or seller").into()),
    };
    let user = caller.0.user_id;
    let found = orders.list_orders(user, side, page.after, page.limit).await?;
    Ok(Json(found.iter().map(Order::public).collect()))
}
