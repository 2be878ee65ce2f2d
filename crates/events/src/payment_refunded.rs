//! `payment:refunded`: payments tells orders that a charge was given back.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entities::Payment;
use crate::event::carries;

/// A charge was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct PaymentRefunded(pub Payment);

carries!(PaymentRefunded(Payment), "payment:refunded", from "/payments");
