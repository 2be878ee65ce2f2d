//! Whatever is lost, repeated or late between a buyer, the gateway and orders, and whenever the
//! driver crashes: in the end no money is held, and the buyer is charged once if the order is
//! complete, and never otherwise.

use std::sync::Arc;
use std::time::Duration;

use bus::Consumer;
use events::{Envelope, Order, OrderCreated, PaymentStatus};
use kernel::Clock;
use payments::domain::Payment;
use payments::{Error, Hints, Payments, settle};
use proptest::collection::vec;
use proptest::prelude::*;
use store::{StoreError, params};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::gateway::{Books, Gateway, Line, Standing, bad_card, good_card};
use crate::support::{
    Everybody, ManualClock, WINDOW, cancelled, cases, completed, deliver, paused_runtime, payments,
    placed, sealed,
};

/// How long the driver gets, by a clock that runs only while nothing else does.
const PATIENCE: Duration = Duration::from_secs(600);

/// More payments than a story can have.
const PAYMENTS_MAX: u32 = 100;

/// Payments that the driver can do something about now.
const MOVABLE: &str = "select count(*) from payments p join payable_orders o
     on o.order_id = p.order_id
     where (p.status in ('pending', 'authorized') and o.status in ('complete', 'cancelled'))
     or (p.status = 'pending' and o.expires_at > ?1)";

/// How often orders was told that money is authorized.
const AUTHORIZED: &str =
    "select count(*) from outbox where envelope ->> 'type' = 'payment:created'";

#[derive(Debug, Clone, Copy)]
enum Step {
    /// `order:created` comes, for the first time or again.
    TellPlaced,
    /// The buyer tries to pay with a card that is good.
    Pay,
    /// The buyer tries to pay with a card that isn't.
    PayInVain,
    /// Orders decides, when it can.
    Decide,
    /// Orders' decision comes, for the first time or again.
    TellDecision,
    /// The driver does all it can.
    Settle,
    /// The driver is killed in the middle of whatever it does, and started again.
    Crash,
    /// Half of the time to pay goes by.
    Wait,
}

/// A buyer, an order, and how the line to the gateway is.
#[derive(Debug, Clone)]
struct Story {
    steps: Vec<Step>,
    /// Whether the order is cancelled, whatever payments tells; otherwise orders waits for money.
    is_given_back: bool,
    lines: Vec<Line>,
}

fn stories() -> impl Strategy<Value = Story> {
    let step = prop_oneof![
        1 => Just(Step::TellPlaced),
        4 => Just(Step::Pay),
        2 => Just(Step::PayInVain),
        2 => Just(Step::Decide),
        2 => Just(Step::TellDecision),
        3 => Just(Step::Settle),
        2 => Just(Step::Crash),
        1 => Just(Step::Wait),
    ];
    let line = prop::sample::select(vec![Line::Clear, Line::LostBefore, Line::LostAfter]);
    let steps = (prop::bool::weighted(0.9), vec(step, 0..=12));
    (steps, any::<bool>(), vec(line, 0..=8)).prop_map(
        |((begins, mut steps), is_given_back, lines)| {
            if begins {
                steps.insert(0, Step::TellPlaced);
            }
            Story { steps, is_given_back, lines }
        },
    )
}

/// How orders decided.
#[derive(Debug, Clone)]
struct Decision {
    is_complete: bool,
    event: Arc<Envelope>,
}

/// The context with its driver running, and what the buyer and orders do.
struct World {
    payments: Payments,
    consumer: Arc<dyn Consumer>,
    driver: JoinHandle<()>,
    stop: CancellationToken,
    clock: Arc<ManualClock>,
    order: Order,
    created: Arc<Envelope>,
    is_given_back: bool,
    decision: Option<Decision>,
}

impl World {
    fn start(gateway: Arc<Gateway>, is_given_back: bool) -> Self {
        let clock = ManualClock::started();
        let (payments, hints) = payments(gateway, clock.clone());
        let (order, stop) = (placed(clock.now()), CancellationToken::new());
        Self {
            consumer: payments::subscription(&payments).consumer,
            driver: tokio::spawn(settle(payments.clone(), hints, stop.clone())),
            created: sealed(OrderCreated(order.clone())),
            decision: None,
            payments,
            stop,
            clock,
            order,
            is_given_back,
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::TellPlaced => deliver(&*self.consumer, &self.created).await,
            Step::Pay => self.pay(true).await,
            Step::PayInVain => self.pay(false).await,
            Step::Decide => self.decide().await,
            Step::TellDecision => {
                if let Some(decision) = &self.decision {
                    deliver(&*self.consumer, &decision.event).await;
                }
            }
            Step::Settle => self.settle().await,
            Step::Crash => self.crash().await,
            Step::Wait => self.clock.advance(WINDOW / 2),
        }
    }

    /// A refusal is as good as a payment: it is being paid already, cancelled, over its deadline.
    async fn pay(&self, good: bool) {
        let (buyer, order) = (self.order.user_id, self.order.id);
        let permit = ory::permit(&Everybody, buyer, order).await.unwrap();
        let card = if good { good_card() } else { bad_card() };
        match self.payments.create_payment(permit, card).await {
            Ok(_) | Err(Error::Refused(..) | Error::OrderNotFound(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// Orders cancels at any time, but completes only what it was told money is authorized for.
    async fn decide(&mut self) {
        if self.decision.is_some() {
            return;
        }
        self.decision = if self.is_given_back {
            Some(Decision { is_complete: false, event: cancelled(&self.order, 2) })
        } else if self.count(AUTHORIZED).await > 0 {
            Some(Decision { is_complete: true, event: completed(&self.order) })
        } else {
            None
        };
    }

    async fn settle(&self) {
        let at_rest = || async {
            let rows = self.payments.journal.query(MOVABLE, params![self.clock.now()]).await?;
            Ok::<_, StoreError>((rows[0].get::<i64>(0)? == 0).then_some(()))
        };
        let rested = self.payments.journal.wait_for(PATIENCE, at_rest).await.unwrap();
        assert!(rested.is_some(), "the driver didn't come to rest");
    }

    async fn crash(&mut self) {
        self.driver.abort();
        let _killed = (&mut self.driver).await;
        let (hints, taken) = Hints::channel();
        self.payments.hints = hints;
        self.consumer = payments::subscription(&self.payments).consumer;
        self.driver = tokio::spawn(settle(self.payments.clone(), taken, self.stop.clone()));
    }

    /// Orders decides in any case, and everything is told and done.
    async fn end(mut self) -> (bool, Vec<Payment>) {
        self.decide().await;
        if self.decision.is_none() {
            self.is_given_back = true;
        }
        for step in [Step::Decide, Step::TellPlaced, Step::TellDecision, Step::Settle] {
            self.take(step).await;
        }
        self.stop.cancel();
        self.driver.await.unwrap();
        let payments = self.payments.list_payments(self.order.id, PAYMENTS_MAX).await.unwrap();
        (self.decision.is_some_and(|decision| decision.is_complete), payments)
    }

    async fn count(&self, sql: &'static str) -> i64 {
        self.payments.journal.query(sql, []).await.unwrap()[0].get(0).unwrap()
    }
}

/// Whether the gateway's books agree with what a payment says of itself.
fn agrees(books: &Books, payment: &Payment) -> bool {
    let standing = books.standing(payment.id);
    match payment.state.status() {
        PaymentStatus::Captured => standing == Some(Standing::Captured),
        PaymentStatus::Failed => standing == Some(Standing::Declined),
        PaymentStatus::Voided => {
            matches!(standing, Some(Standing::Voided | Standing::Abandoned))
        }
        PaymentStatus::Pending | PaymentStatus::Authorized | PaymentStatus::Refunded => false,
    }
}

#[test]
fn a_buyer_is_charged_once_and_only_for_a_complete_order() {
    let runtime = paused_runtime();
    proptest!(cases(500), |(story in stories())| {
        let gateway = Arc::new(Gateway::new(story.lines));
        let (is_complete, payments) = runtime.block_on(async {
            let mut world = World::start(Arc::clone(&gateway), story.is_given_back);
            for step in story.steps {
                world.take(step).await;
            }
            world.end().await
        });
        let books = gateway.books();
        prop_assert_eq!(books.open(), 0, "money is held: {:?}", books);
        prop_assert_eq!(books.count(Standing::Captured), usize::from(is_complete), "{:?}", books);
        prop_assert_eq!(books.count(Standing::Refunded), 0, "{:?}", books);
        for payment in payments {
            prop_assert!(agrees(&books, &payment), "{:?} is {:?}", books, payment);
        }
    });
}
