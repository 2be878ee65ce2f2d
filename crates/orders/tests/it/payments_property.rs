//! However the events of its payments are delivered, an order ends as it does when each comes once
//! and in turn: complete, cancelled after five failures, or waiting.

use std::sync::Arc;

use events::{
    CancelReason, Envelope, PaymentCreated, PaymentFailed, PaymentRefunded, PaymentStarted,
    PaymentStatus,
};
use kernel::{EventId, PaymentId, Version};
use orders::domain::{Order, OrderState, PAYMENTS_FAILED_MAX};
use proptest::collection::vec;
use proptest::prelude::*;
use store::params;
use testkit::{cases, deliveries, runtime, sealed};

use crate::support::{World, payment};

const SEEN: &str = "select payment_id, status, version from order_payments where order_id = ?1
     order by payment_id";

/// What became of one attempt to pay. A capture and a void are not told to orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    Pending,
    Failed,
    Authorized,
    Refunded,
}

impl Attempt {
    /// Where the payment was when each of its events was told.
    const fn statuses(self) -> &'static [PaymentStatus] {
        use PaymentStatus::{Authorized, Failed, Pending, Refunded};
        match self {
            Self::Pending => &[Pending],
            Self::Failed => &[Pending, Failed],
            Self::Authorized => &[Pending, Authorized],
            Self::Refunded => &[Pending, Authorized, Refunded],
        }
    }

    fn tell(self, id: PaymentId, order: &Order) -> impl Iterator<Item = Arc<Envelope>> {
        self.statuses().iter().map(move |status| {
            let payment = payment(id, order, *status);
            match status {
                PaymentStatus::Pending => sealed(PaymentStarted(payment)),
                PaymentStatus::Failed => sealed(PaymentFailed(payment)),
                PaymentStatus::Refunded => sealed(PaymentRefunded(payment)),
                _ => sealed(PaymentCreated(payment)),
            }
        })
    }
}

/// The attempts to pay for an open order: the next starts only after the one before has failed.
/// Money that is authorized beside five failures is a race, which `ending_property` runs.
fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let last = prop::sample::select(vec![Attempt::Pending, Attempt::Authorized]);
    (0..=6_usize, prop::option::of(last)).prop_map(|(failed, last)| {
        let mut attempts = vec![Attempt::Failed; failed];
        let too_late = failed >= PAYMENTS_FAILED_MAX;
        attempts.extend(last.filter(|it| *it == Attempt::Pending || !too_late));
        attempts
    })
}

/// The attempts to pay for an order that its buyer had cancelled before payments heard of it.
fn attempts_in_vain() -> impl Strategy<Value = Vec<Attempt>> {
    let any = [Attempt::Pending, Attempt::Failed, Attempt::Authorized, Attempt::Refunded];
    vec(prop::sample::select(any.to_vec()), 1..=4)
}

fn with_deliveries(
    attempts: impl Strategy<Value = Vec<Attempt>>,
) -> impl Strategy<Value = (Vec<Attempt>, Vec<usize>)> {
    attempts.prop_flat_map(|attempts| {
        let deliveries = deliveries(events_of(&attempts));
        (Just(attempts), deliveries)
    })
}

fn events_of(attempts: &[Attempt]) -> usize {
    attempts.iter().map(|attempt| attempt.statuses().len()).sum()
}

/// What is left in the end. Payments are numbered in the order in which they were started.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    state: OrderState,
    version: Version,
    seen: Vec<(usize, String, Version)>,
    told: Vec<String>,
}

/// Delivers what payments tells of these attempts to pay for `order`.
async fn outcome(
    world: &World,
    order: &Order,
    attempts: &[Attempt],
    deliveries: &[usize],
) -> Outcome {
    let before = EventId::generate();
    let ids: Vec<_> = attempts.iter().map(|_| PaymentId::generate()).collect();
    let told = ids.iter().zip(attempts).flat_map(|(id, attempt)| attempt.tell(*id, order));
    world.deliver_all(&told.collect::<Vec<_>>(), deliveries).await;

    let number = |id: PaymentId| ids.iter().position(|it| *it == id).unwrap();
    let Order { state, version, .. } = world.find(order.id).await;
    let seen = world.orders.journal.query(SEEN, params![order.id]).await.unwrap();
    let seen = seen
        .iter()
        .map(|row| (number(row.get(0).unwrap()), row.get(1).unwrap(), row.get(2).unwrap()));
    Outcome { state, version, seen: seen.collect(), told: world.told_since(before).await }
}

/// How an open order ends, and at which version.
fn expected(attempts: &[Attempt]) -> (OrderState, u32) {
    let failed = attempts.iter().filter(|it| **it == Attempt::Failed).count();
    if attempts.is_empty() {
        (OrderState::Created, 0)
    } else if failed >= PAYMENTS_FAILED_MAX {
        (OrderState::Cancelled(CancelReason::PaymentFailed), 2)
    } else if attempts.contains(&Attempt::Authorized) {
        (OrderState::Complete, 2)
    } else {
        (OrderState::AwaitingPayment, 1)
    }
}

#[test]
fn an_order_ends_as_its_payments_say() {
    let runtime = runtime();
    let world = runtime.block_on(World::new());
    proptest!(cases(2_000), |((attempts, deliveries) in with_deliveries(attempts()))| {
        let in_turn: Vec<_> = (0..events_of(&attempts)).collect();
        let (in_turn, delivered) = runtime.block_on(async {
            let (one, other) = (world.placed().await, world.placed().await);
            let in_turn = outcome(&world, &one, &attempts, &in_turn).await;
            (in_turn, outcome(&world, &other, &attempts, &deliveries).await)
        });
        let (state, version) = expected(&attempts);
        prop_assert_eq!((in_turn.state, in_turn.version), (state, Version::new(version)));
        prop_assert_eq!(delivered, in_turn);
    });
}

#[test]
fn an_order_that_was_given_back_stays_so_whatever_its_payments_say() {
    let runtime = runtime();
    let world = runtime.block_on(World::new());
    proptest!(cases(1_000), |((attempts, deliveries) in with_deliveries(attempts_in_vain()))| {
        let in_turn: Vec<_> = (0..events_of(&attempts)).collect();
        let (in_turn, delivered) = runtime.block_on(async {
            let (one, other) = (world.placed().await, world.placed().await);
            world.give_back(&one).await.unwrap();
            world.give_back(&other).await.unwrap();
            let in_turn = outcome(&world, &one, &attempts, &in_turn).await;
            (in_turn, outcome(&world, &other, &attempts, &deliveries).await)
        });
        prop_assert_eq!(in_turn.state, OrderState::Cancelled(CancelReason::Buyer));
        prop_assert!(in_turn.told.is_empty(), "told {:?}", in_turn.told);
        prop_assert_eq!(delivered, in_turn);
    });
}
