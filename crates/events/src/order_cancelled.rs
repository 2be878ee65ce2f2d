//! `order:cancelled`: orders tells tickets (release, if it is this order that holds it), payments
//! (refuse or void) and expiration (drop the timer).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entities::Order;
use crate::event::carries;

/// A reservation ended without a sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct OrderCancelled(pub Order);

carries!(OrderCancelled(Order), "order:cancelled", from "/orders");
