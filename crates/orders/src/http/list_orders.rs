//! `GET /api/orders`

use axum::Json;
use axum::extract::State;
use events::OrderStatus;
use http_kit::params::{Broken, Params, StartKeyById};
use http_kit::{Caller, ListQuery, NextPage, Shared};

use crate::Orders;
use crate::domain::Order;
use crate::queries::list_orders::{ListOrders, Side};

/// What the next page is asked for with, beside its start.
const SAME: &[&str] = &["as", "status"];

/// Lists the caller's orders, newest first.
#[utoipa::path(
    get,
    path = "/api/orders",
    tag = "orders",
    params(
        ("as" = Option<String>, Query, pattern = "^(buyer|seller)$",
            description = "Whose: bought (`buyer`, if nothing is said) or sold (`seller`)."),
        ("status" = Option<Vec<OrderStatus>>, Query,
            description = "Only these; several by commas, or repeated."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100,
            description = "Orders on a page; 10 if nothing is said."),
        ("start_key" = inline(Option<StartKeyById>), Query, style = DeepObject, explode,
            description = "Where the page starts; see the header `Link`."),
    ),
    responses((status = 200, description = "A page of orders.", body = Vec<events::Order>,
        headers(("Link" = String, description = "The next page (RFC 8288), if there is one.")))),
)]
pub(super) async fn list_orders(
    State(orders): State<Shared<Orders>>,
    caller: Caller,
    query: ListQuery,
) -> Result<(Option<NextPage>, Json<Vec<events::Order>>), http_kit::Error> {
    let (page, (side, statuses)) = query.read(|params, broken| {
        let (side, statuses) = (side(params, broken), statuses(params, broken));
        Some((side?, statuses))
    })?;
    let user = caller.0.user_id;
    let query = ListOrders { user, side, statuses, after: page.after, limit: page.limit };
    let found = orders.list_orders(query).await?;
    let last = found.orders.last().filter(|_| found.has_more);
    let next = last.map(|order| page.next(order.id.as_uuid(), SAME));
    Ok((next, Json(found.orders.iter().map(Order::public).collect())))
}

fn side(params: &Params, broken: &mut Broken) -> Option<Side> {
    match params.single("as", broken) {
        None | Some("buyer") => Some(Side::Buyer),
        Some("seller") => Some(Side::Seller),
        Some(_) => {
            broken.add("as", "must be buyer or seller");
            None
        }
    }
}

/// One or several, in one parameter with commas or in several; none means all.
fn statuses(params: &Params, broken: &mut Broken) -> Vec<OrderStatus> {
    let names: Vec<_> = OrderStatus::ALL.iter().map(|status| status.as_str()).collect();
    let rule = || format!("must be one or several of {}", names.join(", "));
    let values = params.all("status", broken);
    let mut statuses = Vec::new();
    for name in values.into_iter().flat_map(|value| value.split(',')) {
        match OrderStatus::from_text(name.trim()) {
            Some(status) if statuses.contains(&status) => {}
            Some(status) => statuses.push(status),
            None => {
                broken.add("status", rule());
                break;
            }
        }
    }
    statuses
}
