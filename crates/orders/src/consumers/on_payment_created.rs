//! The money is authorized: an open order is complete; of a cancelled one payments lets go.

use events::PaymentCreated;
use kernel::EventId;

use crate::{Error, Orders};

impl Orders {
    pub(crate) async fn on_payment_created(
        &self,
        PaymentCreated(payment): PaymentCreated,
        delivery: EventId,
    ) -> Result<(), Error> {
        self.observe_payment(&payment, delivery).await
    }
}
