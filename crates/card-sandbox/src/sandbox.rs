//! The gateway itself: each operation looks into the books, does what they allow, and can be
//! repeated.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use kernel::{Clock, Currency, Money, PaymentId};
use outbox::Journal;
use payments::domain::{ChargeId, DeclineCode};
use payments::gateway::{Abandoned, Authorize, CardGateway, GatewayError};
use store::StoreError;

use crate::books::{Books, Charge, ChargeStatus};
use crate::cards::{Card, Fault, card};

/// What can be asked of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Hold money.
    Authorize,
    /// Give a key up.
    Abandon,
    /// Take what is held.
    Capture,
    /// Let go of what is held.
    Void,
    /// Give back what was taken.
    Refund,
}

impl Operation {
    const fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Abandon => "abandon",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
        }
    }
}

/// The card sandbox. Cheap to clone.
#[derive(Clone)]
pub struct CardSandbox {
    books: Books,
    clock: Arc<dyn Clock>,
    /// Answers to lose, as it was told to, oldest last.
    told_to_fail: Arc<Mutex<HashMap<Operation, Vec<Fault>>>>,
}

impl CardSandbox {
    /// A sandbox that keeps its books in `journal`.
    #[must_use]
    pub fn new(journal: Journal, clock: Arc<dyn Clock>) -> Self {
        Self { books: Books::new(journal), clock, told_to_fail: Arc::default() }
    }

    /// Its books.
    #[must_use]
    pub const fn books(&self) -> &Books {
        &self.books
    }

    /// Tells it to lose the answer to the next `operation`; several calls, several answers.
    pub fn fail_next(&self, operation: Operation, fault: Fault) {
        let mut faults = self.told_to_fail.lock().unwrap_or_else(PoisonError::into_inner);
        faults.entry(operation).or_default().insert(0, fault);
    }

    /// Runs `work`, and loses its answer if it was told to, or the card is that kind.
    async fn answer<T>(
        &self,
        operation: Operation,
        (key, token): (PaymentId, &str),
        work: impl Future<Output = Result<T, GatewayError>>,
    ) -> Result<T, GatewayError> {
        match self.fault(operation, key, token).await? {
            None => work.await,
            Some(Fault::Before) => Err(no_answer("lost before anything happened")),
            Some(Fault::After) => {
                let done = work.await;
                let what = if done.is_ok() { "it was done" } else { "it was refused" };
                tracing::debug!(payment.id = %key, operation = operation.name(), what,
                    "The sandbox loses an answer");
                Err(no_answer("lost after it had happened"))
            }
        }
    }

    async fn fault(
        &self,
        operation: Operation,
        key: PaymentId,
        token: &str,
    ) -> Result<Option<Fault>, GatewayError> {
        let told = {
            let mut faults = self.told_to_fail.lock().unwrap_or_else(PoisonError::into_inner);
            faults.get_mut(&operation).and_then(Vec::pop)
        };
        match (told, card(token)) {
            (Some(fault), _) => Ok(Some(fault)),
            (None, Card::Unreliable(fault)) => {
                let noted = self.books.note_fault(key, operation.name(), self.clock.now()).await;
                Ok(noted.map_err(|error| unreadable(&error))?.then_some(fault))
            }
            (None, _) => Ok(None),
        }
    }

    async fn hold(&self, request: &Authorize) -> Result<ChargeId, GatewayError> {
        let token = request.card.expose();
        let status = match card(token) {
            Card::Good | Card::Unreliable(_) => ChargeStatus::Authorized,
            Card::Declined(code) => ChargeStatus::Declined(DeclineCode::new(code)),
        };
        let charge = self.use_key(request.key, request.amount, token, status).await?;
        if charge.status == ChargeStatus::Abandoned {
            return Err(GatewayError::GivenUp);
        }
        if charge.amount != request.amount || charge.card != token {
            let reason = "the key was used with other parameters";
            return Err(GatewayError::Refused(reason.to_owned()));
        }
        match charge.status {
            ChargeStatus::Declined(code) => Err(GatewayError::Declined(code)),
            _ => Ok(charge.id),
        }
    }

    async fn give_up(&self, key: PaymentId) -> Result<Abandoned, GatewayError> {
        let nothing = Money::new(0, Currency::Eur);
        let charge = self.use_key(key, nothing, "", ChargeStatus::Abandoned).await?;
        Ok(match charge.status {
            ChargeStatus::Abandoned => Abandoned::Nothing,
            ChargeStatus::Declined(code) => Abandoned::Declined(code),
            _ => Abandoned::Held(charge.id),
        })
    }

    /// What became of `key`: what it was used for first, or else this.
    async fn use_key(
        &self,
        key: PaymentId,
        amount: Money,
        card: &str,
        status: ChargeStatus,
    ) -> Result<Charge, GatewayError> {
        let known = |error: StoreError| unreadable(&error);
        if let Some(charge) = self.books.by_key(key).await.map_err(known)? {
            return Ok(charge);
        }
        let id = ChargeId::new(format!("pi_{}", key.as_uuid().simple()));
        let charge = Charge { key, id, amount, card: card.to_owned(), status };
        match self.books.open(&charge, self.clock.now()).await {
            Ok(()) => Ok(charge),
            // another call with the same key came first
            Err(StoreError::Constraint { .. }) => {
                let first = self.books.by_key(key).await.map_err(known)?;
                first.ok_or_else(|| no_answer("the books changed meanwhile"))
            }
            Err(error) => Err(unreadable(&error)),
        }
    }

    async fn charge(&self, id: &ChargeId) -> Result<Charge, GatewayError> {
        let charge = self.books.by_id(id).await.map_err(|error| unreadable(&error))?;
        charge.ok_or_else(|| GatewayError::Refused(format!("there is no charge {id}")))
    }

    /// Moves a charge `from` one status `to` another; one that is there already stays.
    async fn advance(
        &self,
        charge: Charge,
        from: ChargeStatus,
        to: ChargeStatus,
    ) -> Result<(), GatewayError> {
        if charge.status == to {
            return Ok(());
        }
        if charge.status != from {
            let reason = format!("charge {} is {:?}, not {from:?}", charge.id, charge.status);
            return Err(GatewayError::Refused(reason));
        }
        let moved = self.books.advance(&charge, to, self.clock.now()).await;
        moved.map_err(|error| unreadable(&error))
    }
}

/// What the gateway's own trouble looks like from outside: no answer.
fn unreadable(error: &StoreError) -> GatewayError {
    GatewayError::NoAnswer(error.to_string())
}

fn no_answer(reason: &str) -> GatewayError {
    GatewayError::NoAnswer(reason.to_owned())
}

#[async_trait]
impl CardGateway for CardSandbox {
    async fn authorize(&self, request: &Authorize) -> Result<ChargeId, GatewayError> {
        let who = (request.key, request.card.expose());
        self.answer(Operation::Authorize, who, self.hold(request)).await
    }

    async fn abandon(&self, key: PaymentId) -> Result<Abandoned, GatewayError> {
        self.answer(Operation::Abandon, (key, ""), self.give_up(key)).await
    }

    async fn capture(&self, id: &ChargeId) -> Result<(), GatewayError> {
        let charge = self.charge(id).await?;
        let (key, token) = (charge.key, charge.card.clone());
        let work = self.advance(charge, ChargeStatus::Authorized, ChargeStatus::Captured);
        self.answer(Operation::Capture, (key, &token), work).await
    }

    async fn void(&self, id: &ChargeId) -> Result<(), GatewayError> {
        let charge = self.charge(id).await?;
        let (key, token) = (charge.key, charge.card.clone());
        let work = self.advance(charge, ChargeStatus::Authorized, ChargeStatus::Voided);
        self.answer(Operation::Void, (key, &token), work).await
    }

    async fn refund(&self, id: &ChargeId) -> Result<(), GatewayError> {
        let charge = self.charge(id).await?;
        let (key, token) = (charge.key, charge.card.clone());
        let work = self.advance(charge, ChargeStatus::Captured, ChargeStatus::Refunded);
        self.answer(Operation::Refund, (key, &token), work).await
    }
}
