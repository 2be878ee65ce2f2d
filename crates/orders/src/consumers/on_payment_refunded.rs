//! A charge was given back: the order remembers it.

use events::PaymentRefunded;
use kernel::EventId;

use crate::{Error, Orders};

impl Orders {
    pub(crate) async fn on_payment_refunded(
        &self,
        PaymentRefunded(payment): PaymentRefunded,
        delivery: EventId,
    ) -> Result<(), Error> {
        self.observe_payment(&payment, delivery).await
    }
}
