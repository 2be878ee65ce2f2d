//! A card gateway in memory, whose answers get lost.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use kernel::PaymentId;
use payments::domain::{CardToken, ChargeId, DeclineCode};
use payments::gateway::Abandoned;
use payments::{Authorize, CardGateway, GatewayError};

/// A card that is good for any amount.
pub(crate) fn good_card() -> CardToken {
    CardToken::parse("tok_visa").unwrap()
}

/// A card that is always declined.
pub(crate) fn bad_card() -> CardToken {
    CardToken::parse("tok_chargeDeclined").unwrap()
}

/// How one call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// The answer arrives.
    Clear,
    /// The question is lost: nothing happens.
    LostBefore,
    /// The answer is lost: it has happened.
    LostAfter,
}

/// Where the money behind one key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Held,
    Captured,
    Voided,
    Refunded,
    Declined,
    Abandoned,
}

/// The gateway. Once its bad lines are used up, every answer arrives.
pub(crate) struct Gateway {
    lines: Mutex<Vec<Line>>,
    books: Mutex<Books>,
}

/// Where every charge stands, and every way it came there.
#[derive(Debug, Default, Clone)]
pub(crate) struct Books {
    charges: HashMap<ChargeId, Standing>,
    movements: Vec<Standing>,
}

impl Gateway {
    /// Its calls go as `lines` say, the last one first.
    pub(crate) fn new(lines: Vec<Line>) -> Self {
        Self { lines: Mutex::new(lines), books: Mutex::default() }
    }

    pub(crate) fn books(&self) -> Books {
        self.books.lock().unwrap().clone()
    }

    /// Yields before and after: a crash may come between a question, its effect and its answer.
    async fn answer<T>(
        &self,
        work: impl FnOnce(&mut Books) -> Result<T, GatewayError>,
    ) -> Result<T, GatewayError> {
        let lost = || GatewayError::NoAnswer("the line is bad".to_owned());
        let line = self.lines.lock().unwrap().pop().unwrap_or(Line::Clear);
        tokio::task::yield_now().await;
        if line == Line::LostBefore {
            return Err(lost());
        }
        let answer = work(&mut self.books.lock().unwrap());
        tokio::task::yield_now().await;
        if line == Line::LostAfter { Err(lost()) } else { answer }
    }
}

impl Books {
    /// Where the money behind `payment` is, if the gateway ever heard of it.
    pub(crate) fn standing(&self, payment: PaymentId) -> Option<Standing> {
        self.charges.get(&charge_of(payment)).copied()
    }

    /// How many charges ever came to be there.
    pub(crate) fn count(&self, standing: Standing) -> usize {
        self.movements.iter().filter(|it| **it == standing).count()
    }

    /// How many holds are neither captured nor released.
    pub(crate) fn open(&self) -> usize {
        self.charges.values().filter(|it| **it == Standing::Held).count()
    }

    /// Uses a key for `standing`, unless it was used before; answers what it was used for.
    fn use_key(&mut self, charge: &ChargeId, standing: Standing) -> Standing {
        *self.charges.entry(charge.clone()).or_insert_with(|| {
            self.movements.push(standing);
            standing
        })
    }

    /// Moves a charge; one that is there already stays.
    fn advance(
        &mut self,
        charge: &ChargeId,
        from: Standing,
        to: Standing,
    ) -> Result<(), GatewayError> {
        match self.charges.get(charge) {
            Some(now) if *now == to => Ok(()),
            Some(now) if *now == from => {
                self.charges.insert(charge.clone(), to);
                self.movements.push(to);
                Ok(())
            }
            now => Err(GatewayError::Refused(format!("charge {charge} is {now:?}, not {from:?}"))),
        }
    }
}

fn charge_of(key: PaymentId) -> ChargeId {
    ChargeId::new(format!("pi_{key}"))
}

fn declined() -> DeclineCode {
    DeclineCode::new("generic_decline")
}

#[async_trait]
impl CardGateway for Gateway {
    async fn authorize(&self, request: &Authorize) -> Result<ChargeId, GatewayError> {
        let charge = charge_of(request.key);
        let is_good = request.card == good_card();
        let asked = if is_good { Standing::Held } else { Standing::Declined };
        self.answer(|books| match books.use_key(&charge, asked) {
            Standing::Declined => Err(GatewayError::Declined(declined())),
            Standing::Abandoned => Err(GatewayError::GivenUp),
            _ => Ok(charge),
        })
        .await
    }

    async fn abandon(&self, key: PaymentId) -> Result<Abandoned, GatewayError> {
        let charge = charge_of(key);
        self.answer(|books| {
            Ok(match books.use_key(&charge, Standing::Abandoned) {
                Standing::Abandoned => Abandoned::Nothing,
                Standing::Declined => Abandoned::Declined(declined()),
                _ => Abandoned::Held(charge),
            })
        })
        .await
    }

    async fn capture(&self, charge: &ChargeId) -> Result<(), GatewayError> {
        self.answer(|books| books.advance(charge, Standing::Held, Standing::Captured)).await
    }

    async fn void(&self, charge: &ChargeId) -> Result<(), GatewayError> {
        self.answer(|books| books.advance(charge, Standing::Held, Standing::Voided)).await
    }

    async fn refund(&self, charge: &ChargeId) -> Result<(), GatewayError> {
        self.answer(|books| books.advance(charge, Standing::Captured, Standing::Refunded)).await
    }
}
