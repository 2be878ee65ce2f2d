//! `payment:created`: payments tells orders that the money is authorized: complete the order.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entities::Payment;
use crate::event::carries;

/// The card gateway holds the money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct PaymentCreated(pub Payment);

carries!(PaymentCreated(Payment), "payment:created", from "/payments");
