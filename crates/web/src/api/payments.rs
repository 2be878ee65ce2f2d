//! `/api/payments`.

use events::Payment;
use kernel::OrderId;
use serde_json::Value;

use super::{Api, Failed, object};

impl Api<'_> {
    /// Pays for an order with the card that `token` stands for.
    pub(crate) async fn pay(
        self,
        order: OrderId,
        token: &str,
        once: &str,
    ) -> Result<Payment, Failed> {
        let order = Value::from(order.to_string());
        let body = object([("orderId", order), ("token", Value::from(token))]);
        self.make("/api/payments", &body, once).await
    }

    /// The attempts to pay for an order, newest first.
    pub(crate) async fn payments(self, order: OrderId) -> Result<Vec<Payment>, Failed> {
        self.get(&format!("/api/payments?orderId={order}&limit=20")).await
    }
}
