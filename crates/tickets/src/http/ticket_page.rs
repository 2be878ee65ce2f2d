//! What `GET /api/tickets` answers.

use http_kit::params::StartKey;
use serde::Serialize;
use utoipa::openapi::schema::{Array, ArrayBuilder};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::query::Projected;

/// A page of tickets.
#[derive(Serialize, ToSchema)]
pub(super) struct TicketPage<'a> {
    /// The tickets, with the fields that `projection` leaves.
    #[schema(schema_with = projected)]
    pub(super) results: Vec<Projected<'a>>,
    /// What to send as `start_key` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) next: Option<Vec<StartKey>>,
}

/// Tickets of which only `id` is sure to be there.
fn projected() -> Array {
    let mut ticket = events::Ticket::schema();
    if let RefOr::T(Schema::Object(object)) = &mut ticket {
        object.required = vec!["id".to_owned()];
    }
    ArrayBuilder::new().items(ticket).build()
}
