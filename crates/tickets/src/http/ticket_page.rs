//! What `GET /api/tickets` answers.

use http_kit::params::StartKey;
use store::StoreError;
use utoipa::openapi::schema::{Array, ArrayBuilder};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::query::Projected;

/// A page of tickets.
#[derive(ToSchema)]
pub(super) struct TicketPage<'a> {
    /// The tickets, with the fields that `projection` leaves.
    #[schema(schema_with = projected)]
    pub(super) results: Vec<Projected<'a>>,
    /// What to send as `start_key` for the next page; absent on the last.
    #[schema(nullable = false)]
    pub(super) next: Option<Vec<StartKey>>,
}

impl TicketPage<'_> {
    /// It as JSON.
    ///
    /// # Errors
    /// When it can't be written: a fault of ours.
    pub(super) fn json(&self) -> Result<String, StoreError> {
        let fault = |error: serde_json::Error| StoreError::Failed { reason: error.to_string() };
        let mut json = String::from("{\"results\":[");
        for (index, projected) in self.results.iter().enumerate() {
            json.push_str(if index == 0 { "" } else { "," });
            json.push_str(&projected.json()?);
        }
        json.push(']');
        if let Some(next) = &self.next {
            json.push_str(",\"next\":");
            json.push_str(&serde_json::to_string(next).map_err(fault)?);
        }
        json.push('}');
        Ok(json)
    }
}

/// Tickets of which only `id` is sure to be there.
fn projected() -> Array {
    let mut ticket = events::Ticket::schema();
    if let RefOr::T(Schema::Object(object)) = &mut ticket {
        object.required = vec!["id".to_owned()];
    }
    ArrayBuilder::new().items(ticket).build()
}
