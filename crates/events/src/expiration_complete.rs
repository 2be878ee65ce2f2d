//! `expiration:complete`: expiration tells orders that the time to pay is over; orders decides
//! whether that cancels the order.

use kernel::{OrderId, Version};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::event::PublicEvent;
use crate::schema;

/// The time to pay for an order ran out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExpirationComplete {
    /// The order whose timer fired.
    #[schema(schema_with = schema::id)]
    pub id: OrderId,
}

impl PublicEvent for ExpirationComplete {
    const TYPE: &'static str = "expiration:complete";
    const SOURCE: &'static str = "/expiration";

    fn subject(&self) -> Uuid {
        self.id.as_uuid()
    }

    /// A timer fires once; it has no later version.
    fn version(&self) -> Version {
        Version::INITIAL
    }
}
