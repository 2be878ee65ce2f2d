//! A buyer pays for an order.

use ::store::StoreError;
use events::PaymentStatus;
use kernel::{OrderId, PaymentId};
use ory::rights::EditOrder;
use ory::{Permit, tuples};
use outbox::{NEWS_PATIENCE, Remember};
use telemetry::metrics::catalog::PAYMENTS_MOVED;
use tokio::time::Instant;

use crate::domain::{CardToken, PayableOrder, Payment, PaymentError, StartPayment};
use crate::store::{self, ONE_LIVE_PER_ORDER};
use crate::{Error, Payments};

/// Payments of one order that are looked at to find the live one.
const ATTEMPTS_SEEN: u32 = 20;

impl Payments {
    /// Begins to pay for the order the permit is for, and gives the driver a hint. A permission
    /// service that keeps rights apart is told first, so that there is no moment at which the
    /// payment is visible without them.
    ///
    /// # Errors
    /// When the order can't be paid, or is being paid already; or when a repeat of the request was
    /// quicker.
    pub async fn create_payment(
        &self,
        permit: Permit<EditOrder>,
        card: CardToken,
        remember: Remember<Payment>,
    ) -> Result<PaymentId, Error> {
        let (order_id, payer) = (permit.object(), permit.user());
        let refused = |error| Error::Refused(order_id, error);
        let order = self.order_to_pay(order_id).await?;
        let (id, at) = (PaymentId::generate(), self.clock.now());
        let start = StartPayment { id, payer, card, at };
        let decision = Payment::start(&order, start).map_err(refused)?;
        if let Some(error) = self.live_payment(order_id).await? {
            return Err(refused(error));
        }

        let rights = [tuples::payment_owner(id, payer), tuples::payment_parent(id, order_id)];
        self.permissions.grant(&rights).await?;
        match store::insert(&self.journal, decision, remember).await {
            Ok(()) => {
                PAYMENTS_MOVED.count(&[PaymentStatus::Pending.as_str()]);
                tracing::info!(payment.id = %id, order.id = %order_id, user.id = %payer,
                    "Started payment {id}");
                self.hints.give(id);
                Ok(id)
            }
            // another payment was quicker, or a repeat of the same request
            Err(lost @ StoreError::Constraint { .. }) => {
                ory::forget_unused(&*self.permissions, &rights).await;
                let is_live = lost.is_constraint(ONE_LIVE_PER_ORDER);
                Err(if is_live { refused(PaymentError::InProgress) } else { lost.into() })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Waits a while for the outcome of the payment; answers it as it is then.
    ///
    /// # Errors
    /// When there is no such payment, or the database is away.
    pub async fn outcome_of(&self, id: PaymentId) -> Result<Payment, Error> {
        let mut moves = self.hints.moves();
        let deadline = Instant::now() + self.patience;
        // bounded: by `patience`
        loop {
            let payment = self.find_payment(id).await?;
            let is_open = matches!(
                payment.state.status(),
                PaymentStatus::Pending | PaymentStatus::Authorized
            );
            if !is_open || Instant::now() >= deadline {
                return Ok(payment);
            }
            tokio::select! {
                () = tokio::time::sleep_until(deadline) => {}
                () = moves.of(id) => {}
            }
        }
    }

    /// Whoever has the right to pay an order knows that it exists; when it isn't known here yet,
    /// its event is on its way.
    async fn order_to_pay(&self, id: OrderId) -> Result<PayableOrder, Error> {
        let look = || store::order(&self.journal, id);
        let order = self.journal.wait_for(NEWS_PATIENCE, look).await?;
        order.ok_or(Error::OrderNotKnownYet(id))
    }

    /// Why another payment can't be started now, if one is live.
    async fn live_payment(&self, order: OrderId) -> Result<Option<PaymentError>, Error> {
        let payments = store::of_order(&self.journal, order, ATTEMPTS_SEEN).await?;
        Ok(payments.iter().find_map(|payment| match payment.state.status() {
            PaymentStatus::Failed | PaymentStatus::Voided => None,
            PaymentStatus::Pending | PaymentStatus::Authorized => Some(PaymentError::InProgress),
            PaymentStatus::Captured | PaymentStatus::Refunded => Some(PaymentError::AlreadyPaid),
        }))
    }
}
