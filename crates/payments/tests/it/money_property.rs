//! Whatever is lost, repeated or late between a buyer, the gateway and orders, whenever the driver
//! crashes, and though a second one may run beside it: in the end no money is held, and the buyer
//! is charged once if the order is complete, and never otherwise.

use std::sync::Arc;
use std::time::Duration;

use bus::Consumer;
use events::{Envelope, Order, OrderCreated, PaymentStatus};
use kernel::Clock;
use outbox::Remember;
use payments::domain::Payment;
use payments::gateway::Abandoned;
use payments::{CardGateway, Error, Hints, Payments, settle};
use proptest::collection::vec;
use proptest::prelude::*;
use store::{Engine, StoreError, params};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::gateway::{Books, Gateway, Line, Standing, bad_card, good_card};
use testkit::{Everybody, ManualClock, cases, sealed};

use crate::support::{WINDOW, cancelled, completed, deliver, paused_runtime, payments, placed};

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
    "select count(*) from outbox where json(envelope) ->> 'type' = 'payment:created'";

/// What was told of a payment more than once.
const TOLD_TWICE: &str = "select count(*) from (select 1 from outbox
     group by json(envelope) ->> 'subject', json(envelope) ->> 'type' having count(*) > 1)";

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
    /// Every driver is killed in the middle of whatever it does, and started again.
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
    /// How many drivers run, as after a roll-out that overlaps.
    drivers: usize,
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
    let begins = prop::bool::weighted(0.9);
    let told = (begins, vec(step, 0..=12)).prop_map(|(begins, steps)| {
        let first = begins.then_some(Step::TellPlaced);
        first.into_iter().chain(steps).collect()
    });
    (told, any::<bool>(), vec(line, 0..=8), 1..=2_usize).prop_map(
        |(steps, is_given_back, lines, drivers)| Story { steps, is_given_back, lines, drivers },
    )
}

/// How orders decided.
struct Decision {
    is_complete: bool,
    event: Arc<Envelope>,
}

/// The context with its drivers running, and what the buyer and orders do.
struct World {
    payments: Payments,
    consumer: Arc<dyn Consumer>,
    drivers: JoinSet<()>,
    stop: CancellationToken,
    clock: Arc<ManualClock>,
    order: Order,
    created: Arc<Envelope>,
    is_given_back: bool,
    decision: Option<Decision>,
}

impl World {
    async fn start(gateway: Arc<Gateway>, is_given_back: bool, drivers: usize) -> Self {
        let clock = ManualClock::started();
        // a clock that runs only while nothing else does would not wait for a server
        let (payments, _) = payments(Engine::Sqlite, gateway, clock.clone()).await;
        let order = placed(clock.now());
        let mut world = Self {
            consumer: payments::subscription(&payments).consumer,
            drivers: JoinSet::new(),
            stop: CancellationToken::new(),
            created: sealed(OrderCreated(order.clone())),
            decision: None,
            payments,
            clock,
            order,
            is_given_back,
        };
        world.start_drivers(drivers);
        world
    }

    /// Requests and events give their hints to the last; the others find work in the table.
    fn start_drivers(&mut self, count: usize) {
        for _ in 0..count {
            let (hints, taken) = Hints::channel();
            self.payments.hints = hints;
            self.drivers.spawn(settle(self.payments.clone(), taken, self.stop.clone()));
        }
        self.consumer = payments::subscription(&self.payments).consumer;
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
        match self.payments.create_payment(permit, card, Remember::NOTHING).await {
            Ok(_) | Err(Error::Refused(..) | Error::OrderNotKnownYet(_)) => {}
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
        let drivers = self.drivers.len();
        self.drivers.shutdown().await;
        self.start_drivers(drivers);
    }

    /// Orders decides in any case, and everything is told and done.
    async fn end(mut self) -> End {
        self.decide().await;
        if self.decision.is_none() {
            self.is_given_back = true;
        }
        for step in [Step::Decide, Step::TellPlaced, Step::TellDecision, Step::Settle] {
            self.take(step).await;
        }
        self.stop.cancel();
        std::mem::take(&mut self.drivers).join_all().await;
        let page = self.payments.list_payments(self.order.id, None, PAYMENTS_MAX).await;
        End {
            payments: page.unwrap().payments,
            told_twice: self.count(TOLD_TWICE).await,
            is_complete: self.decision.is_some_and(|decision| decision.is_complete),
        }
    }

    async fn count(&self, sql: &'static str) -> i64 {
        self.payments.journal.query(sql, []).await.unwrap()[0].get(0).unwrap()
    }
}

/// What is left in the end.
struct End {
    is_complete: bool,
    payments: Vec<Payment>,
    told_twice: i64,
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
        let end = runtime.block_on(async {
            let (gateway, is_given_back) = (Arc::clone(&gateway), story.is_given_back);
            let mut world = World::start(gateway, is_given_back, story.drivers).await;
            for step in story.steps {
                world.take(step).await;
            }
            world.end().await
        });
        let books = gateway.books();
        prop_assert_eq!(books.open(), 0, "money is held: {:?}", books);
        let captures = usize::from(end.is_complete);
        prop_assert_eq!(books.count(Standing::Captured), captures, "{:?}", books);
        prop_assert_eq!(books.count(Standing::Refunded), 0, "{:?}", books);
        prop_assert_eq!(end.told_twice, 0);
        for payment in end.payments {
            prop_assert!(agrees(&books, &payment), "{:?} is {:?}", books, payment);
        }
    });
}

/// One driver saw the order open, and asks for the money; another saw it cancelled, and was
/// quicker.
#[test]
fn what_another_driver_gave_up_is_no_fault_of_the_card() {
    let gateway = Arc::new(Gateway::new(Vec::new()));
    let end = paused_runtime().block_on(async {
        let mut world = World::start(Arc::clone(&gateway), true, 0).await;
        world.take(Step::TellPlaced).await;
        world.take(Step::Pay).await;
        let page = world.payments.list_payments(world.order.id, None, PAYMENTS_MAX).await;
        let pending = page.unwrap().payments.remove(0);
        assert_eq!(pending.state.status(), PaymentStatus::Pending);
        assert_eq!(gateway.abandon(pending.id).await, Ok(Abandoned::Nothing));
        world.start_drivers(1);
        world.take(Step::Settle).await;
        world.end().await
    });
    let statuses: Vec<_> = end.payments.iter().map(|payment| payment.state.status()).collect();
    assert_eq!(statuses, [PaymentStatus::Voided]);
    assert!(agrees(&gateway.books(), &end.payments[0]));
}
