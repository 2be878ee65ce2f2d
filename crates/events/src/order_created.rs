//! `order:created`: orders tells tickets (reserve), payments (payable) and expiration (start the
//! timer).

use serde::{Deserialize, Serialize};

use crate::entities::Order;
use crate::event::carries;

/// A ticket was reserved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderCreated(pub Order);

carries!(OrderCreated(Order), "order:created", from "/orders");
