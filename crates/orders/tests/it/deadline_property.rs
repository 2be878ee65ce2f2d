//! However often an order's timer fires, and however early: an unpaid order is cancelled once, and
//! only when its deadline has come.

use std::sync::Arc;

use events::{
    CancelReason, Envelope, ExpirationComplete, PaymentCreated, PaymentStarted, PaymentStatus,
};
use kernel::{EventId, PaymentId};
use orders::domain::{Order, OrderState};
use proptest::collection::vec;
use proptest::prelude::*;
use testkit::{cases, runtime, sealed};

use crate::support::{WINDOW, World, payment};

/// Parts of the time to pay, as the clock moves: the deadline comes with the last.
const PARTS: u32 = 4;

/// Where an order stands before its timer fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Created,
    AwaitingPayment,
    Complete,
    GivenBack,
}

impl Standing {
    const ALL: [Self; 4] = [Self::Created, Self::AwaitingPayment, Self::Complete, Self::GivenBack];

    async fn order(self, world: &World) -> Order {
        let order = world.placed().await;
        let payment = |status| payment(PaymentId::generate(), &order, status);
        match self {
            Self::Created => {}
            Self::AwaitingPayment => {
                world.deliver(&sealed(PaymentStarted(payment(PaymentStatus::Pending)))).await;
            }
            Self::Complete => {
                world.deliver(&sealed(PaymentCreated(payment(PaymentStatus::Authorized)))).await;
            }
            Self::GivenBack => return world.give_back(&order).await.unwrap(),
        }
        world.find(order.id).await
    }

    const fn is_open(self) -> bool {
        matches!(self, Self::Created | Self::AwaitingPayment)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A part of the time to pay goes by.
    Wait,
    /// The timer's event comes, for the first time or again.
    Deliver,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(prop::sample::select(vec![Step::Wait, Step::Deliver]), 1..=12)
}

/// Whether the event comes when the deadline has.
fn comes_in_time(steps: &[Step]) -> bool {
    let last = steps.iter().rposition(|step| *step == Step::Deliver);
    let waits = |end| steps[..end].iter().filter(|step| **step == Step::Wait).count();
    last.is_some_and(|end| waits(end) >= PARTS as usize)
}

async fn run(world: &World, event: &Arc<Envelope>, steps: &[Step]) {
    for step in steps {
        match step {
            Step::Wait => world.clock.advance(WINDOW / PARTS),
            Step::Deliver => world.deliver(event).await,
        }
    }
}

#[test]
fn an_unpaid_order_ends_once_and_not_before_its_deadline() {
    let runtime = runtime();
    let world = runtime.block_on(World::new());
    let standings = prop::sample::select(Standing::ALL.to_vec());
    proptest!(cases(2_000), |(standing in standings, steps in steps())| {
        let (before, after, told) = runtime.block_on(async {
            let before = standing.order(&world).await;
            let (event, mark) = (sealed(ExpirationComplete { id: before.id }), EventId::generate());
            run(&world, &event, &steps).await;
            (before.clone(), world.find(before.id).await, world.told_since(mark).await)
        });
        if standing.is_open() && comes_in_time(&steps) {
            prop_assert_eq!(after.state, OrderState::Cancelled(CancelReason::Expired));
            prop_assert_eq!(after.version, before.version.next());
            prop_assert_eq!(told, ["order:cancelled"]);
        } else {
            prop_assert_eq!(after, before);
            prop_assert!(told.is_empty(), "told {:?}", told);
        }
    });
}
