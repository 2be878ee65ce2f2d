//! `/api/orders`.

use events::{Order, OrderStatus};
use http::Method;
use kernel::{OrderId, TicketId};
use serde_json::Value;
use uuid::Uuid;

use super::{Api, Failed, failed, has_next, object, read};

/// Whose orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Buyer,
    Seller,
}

/// How many orders a page shows.
const PAGE: u32 = 20;

/// The most that the exchange lists at once.
const LISTED_MAX: u32 = 100;

/// A page of orders, and where the next one starts.
pub(crate) struct OrderPage {
    pub(crate) orders: Vec<Order>,
    pub(crate) next: Option<String>,
}

impl Api<'_> {
    pub(crate) async fn reserve(self, ticket: TicketId, once: &str) -> Result<Order, Failed> {
        let body = object([("ticketId", Value::from(ticket.to_string()))]);
        self.make("/api/orders", &body, once).await
    }

    pub(crate) async fn order(self, id: OrderId) -> Result<Order, Failed> {
        self.get(&format!("/api/orders/{id}")).await
    }

    pub(crate) async fn cancel(self, id: OrderId) -> Result<(), Failed> {
        self.change(Method::DELETE, &format!("/api/orders/{id}"), None).await
    }

    /// The visitor's orders with one of `statuses`, newest first; with any, if there is none.
    pub(crate) async fn orders(
        self,
        side: Side,
        statuses: &[OrderStatus],
        after: Option<OrderId>,
    ) -> Result<OrderPage, Failed> {
        let path = list(side, statuses, after, PAGE);
        let response = self.send(Method::GET, &path, None, None).await?;
        if !response.status().is_success() {
            return Err(failed(&response));
        }
        let orders: Vec<Order> = read(&response)?;
        let has_next = has_next(response.headers());
        let next = orders.last().filter(|_| has_next).map(|order| order.id.to_string());
        Ok(OrderPage { orders, next })
    }

    /// Those of `wanted` that the visitor may see. What stands on one page of theirs is found by
    /// one question, whichever side they are on, and only what isn't is asked for by itself.
    pub(crate) async fn visible(self, wanted: &[OrderId]) -> Vec<OrderId> {
        let mut found = Vec::new();
        for side in [Side::Buyer, Side::Seller] {
            let missing = missing(wanted, &found);
            if let (Some(newest), 2..) = (missing.iter().max(), missing.len()) {
                let listed: Result<Vec<Order>, Failed> =
                    self.get(&list(side, &[], Some(just_above(*newest)), LISTED_MAX)).await;
                let ids = listed.unwrap_or_default().into_iter().map(|order| order.id);
                found.extend(ids.filter(|id| missing.contains(id)));
            }
        }
        for id in missing(wanted, &found) {
            if self.order(id).await.is_ok() {
                found.push(id);
            }
        }
        found
    }
}

fn missing(wanted: &[OrderId], found: &[OrderId]) -> Vec<OrderId> {
    wanted.iter().copied().filter(|id| !found.contains(id)).collect()
}

/// Where a list starts, newest first, whose first order may be `id`.
fn just_above(id: OrderId) -> OrderId {
    OrderId::from(Uuid::from_u128(id.as_uuid().as_u128().saturating_add(1)))
}

/// Where these orders are.
fn list(side: Side, statuses: &[OrderStatus], after: Option<OrderId>, limit: u32) -> String {
    let mut query = form_urlencoded::Serializer::new(format!("/api/orders?limit={limit}"));
    query.append_pair("as", if side == Side::Buyer { "buyer" } else { "seller" });
    for status in statuses {
        query.append_pair("status", status.as_str());
    }
    if let Some(after) = after {
        let id = Value::from(after.to_string());
        query.append_pair("start_key", &object([("key", Value::from("id")), ("value", id)]));
    }
    query.finish()
}
