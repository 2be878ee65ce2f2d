//! What an order knows of its payments.

use events::PaymentStatus;
use kernel::{PaymentId, Version};

/// Failed payments after which an order is cancelled: enough for a typing error or an empty card,
/// too few to try out stolen ones.
pub const PAYMENTS_FAILED_MAX: usize = 5;

/// What was seen of one payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenPayment {
    /// The payment.
    pub payment_id: PaymentId,
    /// Its status when it was last seen.
    pub status: PaymentStatus,
    /// Its version then.
    pub version: Version,
}

impl SeenPayment {
    /// Whether `known` says as much about this payment, or more.
    pub(crate) fn is_known(&self, known: &[Self]) -> bool {
        let same = |it: &&Self| it.payment_id == self.payment_id;
        known.iter().find(same).is_some_and(|it| it.version >= self.version)
    }

    /// How many payments have failed, this one included.
    pub(crate) fn failures_with(&self, known: &[Self]) -> usize {
        let failed = |it: &&Self| it.status == PaymentStatus::Failed;
        let others = known.iter().filter(|it| it.payment_id != self.payment_id);
        others.chain([self]).filter(failed).count()
    }
}
