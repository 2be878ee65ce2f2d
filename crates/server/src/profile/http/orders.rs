//! What tickets and expiration want to know of orders: asked by HTTP where it runs elsewhere.

use std::sync::Arc;

use ::http::{Response, StatusCode};
use async_trait::async_trait;
use bytes::Bytes;
use expiration::{OpenReservation, OpenReservations, TimersError};
use kernel::{EventId, OrderId, Timestamp};
use orders::Orders;
use ory::ServiceKey;
use outbox::{CantAsk, Heard, Journal};
use serde::Deserialize;
use upstream::Upstream;

/// The longest answer that is read: a page of reservations.
const ANSWER_MAX: usize = 1024 * 1024;

/// Orders in other processes.
pub(in crate::profile) struct OrdersElsewhere {
    upstream: Arc<Upstream>,
    key: Option<ServiceKey>,
}

impl OrdersElsewhere {
    pub(in crate::profile) const fn new(upstream: Arc<Upstream>, key: Option<ServiceKey>) -> Self {
        Self { upstream, key }
    }

    async fn get(&self, path: &str) -> Result<Response<Bytes>, String> {
        let mut request = upstream::get(path).map_err(|error| error.to_string())?;
        if let Some(key) = &self.key {
            key.show(request.headers_mut());
        }
        let answer = self.upstream.ask(request, ANSWER_MAX).await;
        answer.map_err(|error| error.to_string())
    }
}

#[async_trait]
impl Heard for OrdersElsewhere {
    async fn heard(&self, event: EventId) -> Result<bool, CantAsk> {
        let answer = self.get(&format!("/internal/heard/{event}")).await.map_err(CantAsk)?;
        match answer.status() {
            StatusCode::OK => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            other => Err(CantAsk(format!("orders answered {other}"))),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reservation {
    id: OrderId,
    expires_at: Timestamp,
}

#[async_trait]
impl OpenReservations for OrdersElsewhere {
    async fn page(
        &self,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OpenReservation>, TimersError> {
        let after = after.map(|id| format!("&after={id}")).unwrap_or_default();
        let path = format!("/internal/open-reservations?limit={limit}{after}");
        let answer = self.get(&path).await.map_err(unavailable)?;
        if answer.status() != StatusCode::OK {
            return Err(unavailable(format!("orders answered {}", answer.status())));
        }
        let page: Vec<Reservation> = serde_json::from_slice(answer.body())
            .map_err(|error| unavailable(error.to_string()))?;
        let open = |Reservation { id, expires_at }| reservation(id, expires_at);
        Ok(page.into_iter().map(open).collect())
    }
}

/// Orders in this process, whose events any of its processes may have handled.
pub(in crate::profile) struct OrdersHere(pub(in crate::profile) Journal);

#[async_trait]
impl Heard for OrdersHere {
    async fn heard(&self, event: EventId) -> Result<bool, CantAsk> {
        self.0.has_handled(event).await.map_err(|error| CantAsk(error.to_string()))
    }
}

/// The reservations of orders in this process.
pub(in crate::profile) struct ReservationsHere(pub(in crate::profile) Orders);

#[async_trait]
impl OpenReservations for ReservationsHere {
    async fn page(
        &self,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OpenReservation>, TimersError> {
        let page = self.0.open_reservations(after, limit).await;
        let page = page.map_err(|error| unavailable(error.to_string()))?;
        Ok(page.into_iter().map(|it| reservation(it.id, it.expires_at)).collect())
    }
}

const fn reservation(order_id: OrderId, expires_at: Timestamp) -> OpenReservation {
    OpenReservation { order_id, expires_at, trace: None }
}

const fn unavailable(reason: String) -> TimersError {
    TimersError::Unavailable { operation: "read the open reservations", reason }
}
