//! `/api/tickets`: from JSON to commands and queries, and back.

mod create_ticket;
mod delete_ticket;
mod get_ticket;
mod list_tickets;
mod patch_ticket;
pub mod query;
mod ticket_page;

use std::sync::Arc;

use axum::Router;
use http_kit::{AsksWho, Caller, Shared};
use kernel::{Kind, Refusal, TicketId};
use ory::rights::EditTicket;
use ory::{Permit, Sessions, permit};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{Error, TicketError, Tickets};

/// The routes of this context.
pub fn router(tickets: Tickets) -> Router {
    routes().with_state(Shared::new(tickets)).into()
}

/// What the routes take and answer.
#[must_use]
pub fn api() -> OpenApi {
    routes().into_openapi()
}

fn routes() -> OpenApiRouter<Shared<Tickets>> {
    OpenApiRouter::new()
        .routes(routes!(list_tickets::list_tickets, create_ticket::create_ticket))
        .routes(routes!(
            get_ticket::get_ticket,
            patch_ticket::patch_ticket,
            delete_ticket::delete_ticket
        ))
}

impl AsksWho for Tickets {
    fn sessions(&self) -> &Arc<dyn Sessions> {
        &self.sessions
    }
}

impl From<Error> for http_kit::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(_) => {
                let detail = "There is no ticket with this id.";
                Self::caused(Refusal::new(Kind::NotFound, "ticket-not-found", detail), error)
            }
            Error::Refused(_, rule) => Self::caused(refusal_of(rule), error),
            Error::Denied(denied) => denied.into(),
            Error::Port(error) => error.into(),
            Error::Store(error) => error.into(),
        }
    }
}

fn refusal_of(error: TicketError) -> Refusal {
    match error {
        TicketError::Held => {
            let detail = "The ticket is reserved or sold. It can't be changed or withdrawn now.";
            Refusal::new(Kind::Invalid, "ticket-held", detail)
        }
        TicketError::Withdrawn => {
            let detail = "The ticket was withdrawn. List it anew to sell it.";
            Refusal::new(Kind::Invalid, "ticket-withdrawn", detail)
        }
        TicketError::StaleVersion(version) => {
            let detail = format!("The ticket has changed since; its version is {version}.");
            Refusal::new(Kind::Conflict, "stale-version", detail)
        }
    }
}

/// The caller's right to change ticket `id`; 404 when there is no such ticket.
async fn permit_edit(
    tickets: &Tickets,
    caller: &Caller,
    id: TicketId,
) -> Result<Permit<EditTicket>, Error> {
    tickets.find_ticket(id).await?;
    Ok(permit(&*tickets.permissions, caller.0.user_id, id).await?)
}
