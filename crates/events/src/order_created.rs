//! `order:created`: orders tells tickets (reserve), payments (payable) and expiration (start the
//! timer).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entities::Order;
use crate::event::carries;

/// A ticket was reserved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct OrderCreated(pub Order);

carries!(OrderCreated(Order), "order:created", from "/orders");
