//! `/api/payments`: from JSON to commands and queries, and back.

mod create_payment;
mod get_payment;
mod list_payments;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use kernel::{Kind, OrderId, Refusal, UserId};
use ory::{Denied, Permit, Right, Sessions, permit};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{Error, PaymentError, Payments};

/// The routes of this context.
pub fn router(payments: Payments) -> Router {
    routes().with_state(payments).into()
}

/// What the routes take and answer.
#[must_use]
pub fn api() -> OpenApi {
    routes().into_openapi()
}

fn routes() -> OpenApiRouter<Payments> {
    OpenApiRouter::new()
        .routes(routes!(list_payments::list_payments, create_payment::create_payment))
        .routes(routes!(get_payment::get_payment))
}

impl FromRef<Payments> for Arc<dyn Sessions> {
    fn from_ref(payments: &Payments) -> Self {
        Self::clone(&payments.sessions)
    }
}

impl From<Error> for http_kit::Error {
    fn from(error: Error) -> Self {
        let not_found = |code, detail| Refusal::new(Kind::NotFound, code, detail);
        match error {
            Error::NotFound(_) => {
                let detail = "There is no payment with this id.";
                Self::caused(not_found("payment-not-found", detail), error)
            }
            Error::OrderNotFound(_) => {
                let detail = "There is no order with this id.";
                Self::caused(not_found("order-not-found", detail), error)
            }
            Error::OrderNotKnownYet(_) => Self::caused(Refusal::unavailable(), error),
            Error::Refused(_, rule) => Self::caused(refusal_of(rule), error),
            Error::Denied(denied) => denied.into(),
            Error::Port(error) => error.into(),
            Error::Gateway(error) => Self::caused(Refusal::unavailable(), error),
            Error::Store(error) => error.into(),
        }
    }
}

fn refusal_of(error: PaymentError) -> Refusal {
    let (code, detail) = match error {
        PaymentError::OrderCancelled => (
            "order-cancelled",
            "This order is cancelled. You were not charged; the ticket may be on sale again.",
        ),
        PaymentError::OrderExpired => {
            ("order-expired", "The time to pay for this order is over. You were not charged.")
        }
        PaymentError::AlreadyPaid => ("order-already-paid", "This order is already paid."),
        PaymentError::InProgress => {
            ("payment-in-progress", "Another payment for this order is under way.")
        }
    };
    Refusal::new(Kind::Invalid, code, detail)
}

/// The caller's right `R` on `order`; 404 rather than 403 when nobody knows the order.
async fn permit_on_order<R: Right<Id = OrderId>>(
    payments: &Payments,
    user: UserId,
    order: OrderId,
) -> Result<Permit<R>, Error> {
    match permit::<R>(&*payments.permissions, user, order).await {
        Err(Denied::No { .. }) if !payments.knows_order(order).await? => {
            Err(Error::OrderNotFound(order))
        }
        permitted => Ok(permitted?),
    }
}
