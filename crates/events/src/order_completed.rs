//! `order:completed`: orders tells tickets (sold) and payments (capture what was authorized).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entities::Order;
use crate::event::carries;

/// A ticket was sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct OrderCompleted(pub Order);

carries!(OrderCompleted(Order), "order:completed", from "/orders");
