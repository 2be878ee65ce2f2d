//! `/api/orders`.

use events::{Order, OrderStatus};
use http::Method;
use kernel::{OrderId, TicketId};
use serde_json::Value;

use super::{Api, Failed, failed, has_next, object, read};

/// Whose orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Buyer,
    Seller,
}

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
        let path = list(side, statuses, after);
        let response = self.send(Method::GET, &path, None, None).await?;
        if !response.status().is_success() {
            return Err(failed(&response));
        }
        let orders: Vec<Order> = read(&response)?;
        let has_next = has_next(response.headers());
        let next = orders.last().filter(|_| has_next).map(|order| order.id.to_string());
        Ok(OrderPage { orders, next })
    }
}

/// Where these orders are.
fn list(side: Side, statuses: &[OrderStatus], after: Option<OrderId>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::from("/api/orders?limit=20"));
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
