//! The driver: does with each payment what [`next_step`] says, until it has to wait or is at
//! rest. Hints make it quick; the reconciler, which reads the table, makes it sure. What could not
//! be done is tried again after a pause that grows.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use kernel::{Decision, Outcome, PaymentId};
use outbox::retry_on_conflict;
use telemetry::Repeated;
use telemetry::metrics::catalog::PAYMENTS_MOVED;
use telemetry::span::{Kind, Span};
use tokio::sync::mpsc;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::domain::{DeclineCode, PayableOrder, Payment, Step, next_step};
use crate::gateway::{Abandoned, Authorize, GatewayError};
use crate::{Error, Payments, store};

/// What can't be done yet is said once in a while, not for every payment at every try.
static UNSEEN: Repeated = Repeated::every(Duration::from_secs(60));
static WAITING: Repeated = Repeated::every(Duration::from_secs(1));

/// How often the reconciler reads the table.
const RECONCILE_EVERY: Duration = Duration::from_millis(500);

/// Payments driven at once.
const CONCURRENT_MAX: usize = 256;

/// How long the gateway may take to answer.
const GATEWAY_TIMEOUT: Duration = Duration::from_secs(10);

/// The pause after the first failure of a payment's step; each further one doubles it.
const PAUSE_FIRST: Duration = Duration::from_millis(500);

/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Steps one payment takes in a row: pending, authorized, captured, refunded.
const STEPS_MAX: usize = 4;

/// Drives payments until `stop`; then finishes the steps under way.
pub async fn settle(
    payments: Payments,
    mut hinted: mpsc::Receiver<PaymentId>,
    stop: CancellationToken,
) {
    let mut driver = Driver::new(payments);
    driver.look_for_charges_without_an_order().await;
    let mut reconcile = tokio::time::interval(RECONCILE_EVERY);
    reconcile.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // bounded: by `stop`
    loop {
        let has_room = driver.room() > 0;
        tokio::select! {
            () = stop.cancelled() => break,
            Some(done) = driver.tasks.join_next_with_id() => driver.finish(done),
            Some(payment) = hinted.recv(), if has_room => driver.take_hint(payment),
            _ = reconcile.tick(), if has_room => driver.reconcile().await,
        }
    }
    while driver.tasks.join_next().await.is_some() {}
}

/// Runs a task for each payment that has something to do, one at a time for each payment.
struct Driver {
    payments: Payments,
    tasks: JoinSet<Progress>,
    driven: HashMap<Id, PaymentId>,
    busy: HashSet<PaymentId>,
    /// Hinted while already being driven: to be looked at once more.
    again: HashSet<PaymentId>,
    /// Failed so many times, and to be left alone until then.
    resting: HashMap<PaymentId, (u32, Instant)>,
    /// Where the reconciler's next look at the table begins.
    cursor: PaymentId,
}

/// How far a payment got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// As far as it can go now.
    Done,
    /// Something failed; to be tried again.
    Failed,
}

impl Driver {
    fn new(payments: Payments) -> Self {
        Self {
            payments,
            tasks: JoinSet::new(),
            driven: HashMap::new(),
            busy: HashSet::new(),
            again: HashSet::new(),
            resting: HashMap::new(),
            cursor: PaymentId::from(Uuid::nil()),
        }
    }

    fn room(&self) -> usize {
        CONCURRENT_MAX.saturating_sub(self.tasks.len())
    }

    /// Takes what the table says has something to do, a part of it at each look, round and round,
    /// so that none waits behind those that can't go on.
    async fn reconcile(&mut self) {
        let limit = u32::try_from(self.room()).unwrap_or(1);
        match store::unsettled(&self.payments.journal, self.cursor, limit).await {
            Ok(found) => {
                let is_last = found.len() < limit as usize;
                let last = found.last().filter(|_| !is_last);
                self.cursor = last.copied().unwrap_or_else(|| PaymentId::from(Uuid::nil()));
                let now = Instant::now();
                for payment in found {
                    let rests = self.resting.get(&payment).is_some_and(|(_, until)| now < *until);
                    if !rests && !self.busy.contains(&payment) {
                        self.take(payment);
                    }
                }
            }
            Err(error) => {
                if let Some(kept_back) = UNSEEN.say() {
                    tracing::warn!(%error, kept_back, "Could not look for unsettled payments");
                }
            }
        }
    }

    /// Once, at the start: there should be none.
    async fn look_for_charges_without_an_order(&mut self) {
        let limit = u32::try_from(CONCURRENT_MAX).unwrap_or(u32::MAX);
        match store::charged_for_nothing(&self.payments.journal, limit).await {
            Ok(found) => found.into_iter().for_each(|payment| self.take(payment)),
            Err(error) => tracing::warn!(%error, "Could not look for charges without an order"),
        }
    }

    /// Something has changed: a pause is over, and a look under way may have come too early.
    fn take_hint(&mut self, payment: PaymentId) {
        self.resting.remove(&payment);
        if self.busy.contains(&payment) {
            self.again.insert(payment);
        } else {
            self.take(payment);
        }
    }

    fn take(&mut self, payment: PaymentId) {
        let payments = self.payments.clone();
        let task = self.tasks.spawn(async move { payments.drive(payment).await });
        self.driven.insert(task.id(), payment);
        self.busy.insert(payment);
    }

    fn finish(&mut self, done: Result<(Id, Progress), JoinError>) {
        let (id, progress) = done.unwrap_or_else(|error| {
            tracing::error!(%error, "A payment's driver panicked; the reconciler goes on");
            (error.id(), Progress::Failed)
        });
        let Some(payment) = self.driven.remove(&id) else {
            return;
        };
        self.busy.remove(&payment);
        match progress {
            Progress::Done => {
                self.resting.remove(&payment);
            }
            Progress::Failed => self.let_rest(payment),
        }
        if self.again.remove(&payment) {
            self.take(payment);
        }
    }

    fn let_rest(&mut self, payment: PaymentId) {
        let failures = self.resting.get(&payment).map_or(0, |(failures, _)| *failures);
        let pause = PAUSE_FIRST.saturating_mul(1 << failures.min(16)).min(PAUSE_MAX);
        self.resting.insert(payment, (failures + 1, Instant::now() + pause));
    }
}

impl Payments {
    /// Takes a payment as far as it can go now, within the trace of the request that asked for
    /// it.
    async fn drive(&self, id: PaymentId) -> Progress {
        let trace = store::trace(&self.journal, id).await.unwrap_or_else(|error| {
            // the same database is asked again at once, and that is told
            tracing::debug!(payment.id = %id, %error, "Drives a payment without its trace");
            None
        });
        let span = Span::of_event(Kind::Internal, "settle a payment", trace.as_deref());
        span.scope(self.take_steps(id)).await
    }

    async fn take_steps(&self, id: PaymentId) -> Progress {
        for _ in 0..STEPS_MAX {
            match retry_on_conflict(|| self.take_step(id)).await {
                Ok(Outcome::Executed(status)) => {
                    self.hints.has_moved(id);
                    PAYMENTS_MOVED.count(&[status.as_str()]);
                    tracing::info!(payment.id = %id, "Payment {id} is {status}");
                }
                Ok(Outcome::AlreadyApplied) => return Progress::Done,
                Err(error) => {
                    if let Some(kept_back) = WAITING.say() {
                        tracing::warn!(payment.id = %id, %error, kept_back,
                            "Payment {id} has to wait");
                    }
                    return Progress::Failed;
                }
            }
        }
        Progress::Done
    }

    /// One step: load, decide, ask the gateway, commit. Answers the new status.
    async fn take_step(&self, id: PaymentId) -> Result<Outcome<events::PaymentStatus>, Error> {
        let payment = self.find_payment(id).await?;
        let order = store::order(&self.journal, payment.order_id).await?;
        let order = order.ok_or(Error::OrderNotFound(payment.order_id))?;
        let Some(decision) = self.carry_out(payment, &order).await? else {
            return Ok(Outcome::AlreadyApplied);
        };
        let moved = store::update(&self.journal, decision, self.clock.now()).await?;
        Ok(Outcome::Executed(moved.state.status()))
    }

    /// Asks the gateway for what the step needs; none when there is nothing to do.
    async fn carry_out(
        &self,
        payment: Payment,
        order: &PayableOrder,
    ) -> Result<Option<Decision<Payment, events::Event>>, GatewayError> {
        let (gateway, key) = (&*self.gateway, payment.id);
        Ok(Some(match next_step(&payment, order, self.clock.now()) {
            Step::Wait | Step::Rest => return Ok(None),
            Step::Authorize(card) => {
                let request = Authorize { key, amount: payment.amount, card };
                match in_time(gateway.authorize(&request)).await {
                    Ok(charge) => payment.authorized(charge),
                    Err(GatewayError::Declined(code)) => payment.failed(code),
                    // the order has ended meanwhile, and another driver was quicker
                    Err(GatewayError::GivenUp) => payment.voided(None),
                    Err(GatewayError::Refused(reason)) => {
                        tracing::error!(payment.id = %key, reason, "The gateway holds nothing");
                        payment.failed(DeclineCode::new("processing_error"))
                    }
                    Err(error @ GatewayError::NoAnswer(_)) => return Err(error),
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
