//! One payment.

use kernel::PaymentId;

use crate::domain::Payment;
use crate::{Error, Payments, store};

impl Payments {
    /// The payment with `id`.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn find_payment(&self, id: PaymentId) -> Result<Payment, Error> {
        store::find(&self.journal, id).await?.ok_or(Error::NotFound(id))
    }
}
