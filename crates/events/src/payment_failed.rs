//! `payment:failed`: payments tells orders that the card was declined; orders cancels after
//! too many.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entities::Payment;
use crate::event::carries;

/// The card gateway refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct PaymentFailed(pub Payment);

carries!(PaymentFailed(Payment), "payment:failed", from "/payments");
