//! The driver: does with each payment what [`next_step`] says, until it has to wait or is at
//! rest. Hints make it quick; the reconciler, which reads the table, makes it sure.

use std::collections::HashSet;
use std::time::Duration;

use kernel::{Outcome, PaymentId};
use outbox::retry_on_conflict;
use tokio::sync::mpsc;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::domain::{PayableOrder, Payment, Step, next_step};
use crate::gateway::{Abandoned, Authorize, GatewayError};
use crate::{Error, Payments, store};

/// How often the reconciler reads the table.
const RECONCILE_EVERY: Duration = Duration::from_secs(1);

/// Payments the reconciler takes in one look.
const RECONCILE_BATCH: u32 = 1024;

/// Payments driven at once.
const CONCURRENT_MAX: usize = 256;

/// Hints that wait; more are dropped, and left to the reconciler.
const HINTS_MAX: usize = 4096;

/// How long the gateway may take to answer.
const GATEWAY_TIMEOUT: Duration = Duration::from_secs(10);

/// Steps one payment takes in a row: pending, authorized, captured, refunded.
const STEPS_MAX: usize = 4;

/// Where to say that a payment may have something to do.
#[derive(Debug, Clone)]
pub struct Hints(mpsc::Sender<PaymentId>);

impl Hints {
    /// The two ends: one to give hints, one for [`settle`] to take them.
    #[must_use]
    pub fn channel() -> (Self, mpsc::Receiver<PaymentId>) {
        let (sender, receiver) = mpsc::channel(HINTS_MAX);
        (Self(sender), receiver)
    }

    /// Says that `payment` may have something to do.
    pub fn give(&self, payment: PaymentId) {
        if self.0.try_send(payment).is_err() {
            tracing::debug!(payment.id = %payment, "Left a payment to the reconciler");
        }
    }
}

/// Drives payments until `stop`; then finishes the steps under way.
pub async fn settle(
    payments: Payments,
    mut hints: mpsc::Receiver<PaymentId>,
    stop: CancellationToken,
) {
    let mut driver = Driver::new(payments);
    driver.take_all(driver.charged_for_nothing().await);
    let mut reconcile = tokio::time::interval(RECONCILE_EVERY);
    // bounded: by `stop`
    loop {
        let has_room = driver.tasks.len() < CONCURRENT_MAX;
        tokio::select! {
            () = stop.cancelled() => break,
            Some(done) = driver.tasks.join_next_with_id() => driver.finish(done),
            Some(payment) = hints.recv(), if has_room => driver.take(payment),
            _ = reconcile.tick(), if has_room => driver.take_all(driver.unsettled().await),
        }
    }
    while driver.tasks.join_next().await.is_some() {}
}

/// Runs a task for each payment that has something to do, one at a time for each payment.
struct Driver {
    payments: Payments,
    tasks: JoinSet<()>,
    driven: std::collections::HashMap<Id, PaymentId>,
    /// Hinted while already being driven: to be looked at once more.
    again: HashSet<PaymentId>,
}

impl Driver {
    fn new(payments: Payments) -> Self {
        let (tasks, driven, again) = Default::default();
        Self { payments, tasks, driven, again }
    }

    async fn unsettled(&self) -> Result<Vec<PaymentId>, Error> {
        Ok(store::unsettled(&self.payments.journal, RECONCILE_BATCH).await?)
    }

    async fn charged_for_nothing(&self) -> Result<Vec<PaymentId>, Error> {
        Ok(store::charged_for_nothing(&self.payments.journal, RECONCILE_BATCH).await?)
    }

    fn take_all(&mut self, found: Result<Vec<PaymentId>, Error>) {
        match found {
            Ok(found) => found.into_iter().for_each(|payment| self.take(payment)),
            Err(error) => tracing::warn!(%error, "Could not look for unsettled payments"),
        }
    }

    fn take(&mut self, payment: PaymentId) {
        if self.driven.values().any(|driven| *driven == payment) {
            self.again.insert(payment);
            return;
        }
        let payments = self.payments.clone();
        let task = self.tasks.spawn(async move { payments.drive(payment).await });
        self.driven.insert(task.id(), payment);
    }

    fn finish(&mut self, done: Result<(Id, ()), tokio::task::JoinError>) {
        let id = match done {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "A payment's driver panicked; the reconciler goes on");
                error.id()
            }
        };
        if let Some(payment) = self.driven.remove(&id)
            && self.again.remove(&payment)
        {
            self.take(payment);
        }
    }
}

impl Payments {
    /// Takes a payment as far as it can go now. What fails is left to the reconciler.
    async fn drive(&self, id: PaymentId) {
        for _ in 0..STEPS_MAX {
            match retry_on_conflict(|| self.take_step(id)).await {
                Ok(Outcome::Executed(status)) => {
                    tracing::info!(payment.id = %id, "Payment {id} is {status}");
                }
                Ok(Outcome::AlreadyApplied) => return,
                Err(error) => {
                    tracing::warn!(payment.id = %id, %error, "Payment {id} has to wait");
                    return;
                }
            }
        }
    }

    /// One step: load, decide, ask the gateway, commit. Answers the new status.
    async fn take_step(&self, id: PaymentId) -> Result<Outcome<events::PaymentStatus>, Error> {
        let payment = self.find_payment(id).await?;
        let order = store::order(&self.journal, payment.order_id).await?;
        let order = order.ok_or(Error::OrderNotFound(payment.order_id))?;
        let decision = match self.carry_out(payment, &order).await {
            Ok(Some(decision)) => decision,
            Ok(None) => return Ok(Outcome::AlreadyApplied),
            Err(error) => {
                tracing::warn!(payment.id = %id, %error, "Payment {id}: will ask again");
                return Ok(Outcome::AlreadyApplied);
            }
        };
        let moved = store::update(&self.journal, decision, self.clock.now()).await?;
        Ok(Outcome::Executed(moved.state.status()))
    }

    /// Asks the gateway for what the step needs; none when there is nothing to do.
    async fn carry_out(
        &self,
        payment: Payment,
        order: &PayableOrder,
    ) -> Result<Option<kernel::Decision<Payment, events::Event>>, GatewayError> {
        let (gateway, key) = (&*self.gateway, payment.id);
        Ok(Some(match next_step(&payment, order, self.clock.now()) {
            Step::Wait | Step::Rest => return Ok(None),
            Step::Authorize(card) => {
                let request = Authorize { key, amount: payment.amount, card };
                match in_time(gateway.authorize(&request)).await {
                    Ok(charge) => payment.authorized(charge),
                    Err(GatewayError::Declined(code)) => payment.failed(code),
                    Err(error) => return Err(error),
                }
            }
            Step::Abandon => match in_time(gateway.abandon(key)).await? {
                Abandoned::Nothing => payment.voided(None),
                Abandoned::Held(charge) => payment.authorized(charge),
                Abandoned::Declined(code) => payment.failed(code),
            },
            Step::Capture(charge) => {
                in_time(gateway.capture(&charge)).await?;
                payment.captured(charge)
            }
            Step::Void(charge) => {
                in_time(gateway.void(&charge)).await?;
                payment.voided(Some(charge))
            }
            Step::Refund(charge) => {
                tracing::error!(payment.id = %key, "Gives back a charge for a cancelled order");
                in_time(gateway.refund(&charge)).await?;
                payment.refunded(charge)
            }
        }))
    }
}

/// A gateway that takes too long has not answered.
async fn in_time<T>(
    call: impl Future<Output = Result<T, GatewayError>>,
) -> Result<T, GatewayError> {
    let timed_out = |_| GatewayError::NoAnswer("it took too long".to_owned());
    tokio::time::timeout(GATEWAY_TIMEOUT, call).await.map_err(timed_out)?
}
