//! `/api/orders`: from JSON to commands and queries, and back.

mod cancel_order;
mod get_order;
mod internal;
mod list_orders;
mod place_order;

use std::sync::Arc;

use axum::Router;
use http_kit::{AsksWho, Shared};
use kernel::{Kind, Refusal};
use ory::Sessions;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{Error, OrderError, Orders};

pub use internal::internal;

/// The routes of this context.
pub fn router(orders: Orders) -> Router {
    routes().with_state(Shared::new(orders)).into()
}

/// What the routes take and answer.
#[must_use]
pub fn api() -> OpenApi {
    routes().into_openapi()
}

fn routes() -> OpenApiRouter<Shared<Orders>> {
    OpenApiRouter::new()
        .routes(routes!(list_orders::list_orders, place_order::place_order))
        .routes(routes!(get_order::get_order, cancel_order::cancel_order))
}

impl AsksWho for Orders {
    fn sessions(&self) -> &Arc<dyn Sessions> {
        &self.sessions
    }
}

impl From<Error> for http_kit::Error {
    fn from(error: Error) -> Self {
        let not_found = |code, detail| Refusal::new(Kind::NotFound, code, detail);
        match error {
            Error::NotFound(_) => {
                let detail = "There is no order with this id.";
                Self::caused(not_found("order-not-found", detail), error)
            }
            Error::TicketNotFound(_) => {
                let detail = "There is no ticket with this id.";
                Self::caused(not_found("ticket-not-found", detail), error)
            }
            Error::TicketNotKnownYet(_) => Self::caused(Refusal::unavailable(), error),
            Error::NotPlaced(_, rule) | Error::Refused(_, rule) => {
                Self::caused(refusal_of(rule), error)
            }
            Error::Denied(denied) => denied.into(),
            Error::Port(error) => error.into(),
            Error::Store(error) => error.into(),
        }
    }
}

fn refusal_of(error: OrderError) -> Refusal {
    let (kind, code, detail) = match error {
        OrderError::AlreadyReserved => (
            Kind::Invalid,
            "ticket-already-reserved",
            "Somebody else has reserved or bought this ticket. It may come back.",
        ),
        OrderError::NotForSale => {
            (Kind::Invalid, "ticket-not-for-sale", "This ticket is not on sale.")
        }
        OrderError::OwnTicket => {
            (Kind::Forbidden, "own-ticket", "You can't order your own ticket.")
        }
        OrderError::Complete => (
            Kind::Invalid,
            "order-complete",
            "This order is paid and complete. It can't be cancelled any more.",
        ),
    };
    Refusal::new(kind, code, detail)
}
