//! A card was declined: the buyer may try another, but not for ever.

use events::PaymentFailed;
use kernel::EventId;

use crate::{Error, Orders};

impl Orders {
    pub(crate) async fn on_payment_failed(
        &self,
        PaymentFailed(payment): PaymentFailed,
        delivery: EventId,
    ) -> Result<(), Error> {
        self.observe_payment(&payment, delivery).await
    }
}
