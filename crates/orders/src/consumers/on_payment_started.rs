//! A buyer began to pay: the order is `awaiting:payment`.

use events::PaymentStarted;
use kernel::EventId;

use crate::{Error, Orders};

impl Orders {
    pub(crate) async fn on_payment_started(
        &self,
        PaymentStarted(payment): PaymentStarted,
        delivery: EventId,
    ) -> Result<(), Error> {
        self.observe_payment(&payment, delivery).await
    }
}
