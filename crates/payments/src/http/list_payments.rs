//! `GET /api/payments?orderId=`

use axum::Json;
use axum::extract::State;
use http_kit::params::StartKeyById;
use http_kit::{Caller, ListQuery, NextPage};
use kernel::OrderId;
use ory::rights::ViewOrder;

use crate::Payments;
use crate::domain::Payment;

/// Lists the payments of an order, newest first.
#[utoipa::path(
    get,
    path = "/api/payments",
    tag = "payments",
    params(
        ("orderId" = Uuid, Query, description = "The order's id."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100,
            description = "Payments on a page; 10 if nothing is said."),
        ("start_key" = inline(Option<StartKeyById>), Query, style = DeepObject, explode,
            description = "Where the page starts; see the header `Link`."),
    ),
    responses(
        (status = 200, description = "The order's payments.", body = Vec<events::Payment>,
            headers(("Link" = String, description = "The next page (RFC 8288), if there is one."))),
        (status = 403, description = "`not-permitted`: it is somebody else's order."),
        (status = 404, description = "`order-not-found`: there is no such order."),
    ),
)]
pub(super) async fn list_payments(
    State(payments): State<Payments>,
    caller: Caller,
    query: ListQuery,
) -> Result<(Option<NextPage>, Json<Vec<events::Payment>>), http_kit::Error> {
    let (page, order_id) = query.read(|params, broken| {
        let text = params.single("orderId", broken);
        let id = text.map(|text| OrderId::parse(text).map_err(|error| error.to_string()));
        broken.check("orderId", id.unwrap_or_else(|| Err("is required".to_owned())))
    })?;
    // who may view an order may view its payments
    super::permit_on_order::<ViewOrder>(&payments, caller.0.user_id, order_id).await?;
    let found = payments.list_payments(order_id, page.after, page.limit).await?;
    let last = found.payments.last().filter(|_| found.has_more);
    let next = last.map(|payment| page.next(payment.id.as_uuid(), &["orderId"]));
    Ok((next, Json(found.payments.iter().map(Payment::public).collect())))
}
