//! `payment:started`: payments tells orders that its order is `awaiting:payment`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entities::Payment;
use crate::event::carries;

/// A buyer began to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct PaymentStarted(pub Payment);

carries!(PaymentStarted(Payment), "payment:started", from "/payments");
