//! Payments, the deadline and the buyer race for an order, with every event repeated and late: who
//! wins is a matter of arrival, but the order ends at most once, says so once, and stays so.

use std::sync::Arc;

use events::{
    Envelope, ExpirationComplete, OrderCancelled, OrderCompleted, PaymentCreated, PaymentFailed,
    PaymentStarted, PaymentStatus, PublicEvent,
};
use kernel::{EventId, PaymentId};
use orders::domain::{Order, OrderState};
use proptest::collection::vec;
use proptest::prelude::*;
use testkit::{cases, runtime, sealed};

use crate::support::{WINDOW, World, payment};

/// Attempts to pay that fail before one is authorized: enough to cancel.
const FAILED: usize = 5;

/// What payments and expiration tell in the longest history.
const EVENTS: usize = 2 * FAILED + 3;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// One of the events comes, for the first time or again.
    Deliver(usize),
    /// Half of the time to pay goes by.
    Wait,
    /// The buyer gives the ticket back.
    GiveBack,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        20 => (0..EVENTS).prop_map(Step::Deliver),
        2 => Just(Step::Wait),
        1 => Just(Step::GiveBack),
    ];
    vec(step, 1..=30)
}

fn history(order: &Order) -> Vec<Arc<Envelope>> {
    let mut told = vec![sealed(ExpirationComplete { id: order.id })];
    for _ in 0..FAILED {
        let id = PaymentId::generate();
        told.push(sealed(PaymentStarted(payment(id, order, PaymentStatus::Pending))));
        told.push(sealed(PaymentFailed(payment(id, order, PaymentStatus::Failed))));
    }
    let id = PaymentId::generate();
    told.push(sealed(PaymentStarted(payment(id, order, PaymentStatus::Pending))));
    told.push(sealed(PaymentCreated(payment(id, order, PaymentStatus::Authorized))));
    told
}

/// Takes the steps; answers the order after each.
async fn run(world: &World, placed: Order, steps: &[Step]) -> Vec<Order> {
    let history = history(&placed);
    let mut lived = vec![placed];
    for step in steps {
        match step {
            Step::Deliver(event) => world.deliver(&history[*event]).await,
            Step::Wait => world.clock.advance(WINDOW / 2),
            // a refusal is as good: then it is sold
            Step::GiveBack => drop(world.give_back(&lived[0]).await),
        }
        lived.push(world.find(lived[0].id).await);
    }
    lived
}

/// The event that tells of this end.
const fn end_of(order: &Order) -> Option<&'static str> {
    match order.state {
        OrderState::Created | OrderState::AwaitingPayment => None,
        OrderState::Complete => Some(OrderCompleted::TYPE),
        OrderState::Cancelled(_) => Some(OrderCancelled::TYPE),
    }
}

#[test]
fn an_order_ends_at_most_once() {
    let runtime = runtime();
    let world = runtime.block_on(World::new());
    proptest!(cases(2_000), |(steps in steps())| {
        let (lived, told) = runtime.block_on(async {
            let placed = world.placed().await;
            let mark = EventId::generate();
            (run(&world, placed, &steps).await, world.told_since(mark).await)
        });
        for pair in lived.windows(2) {
            let moved = pair[0].state != pair[1].state;
            prop_assert!(!moved || end_of(&pair[0]).is_none(), "{:?} moved", pair[0].state);
            prop_assert_eq!(moved, pair[0].version < pair[1].version);
        }
        let end = lived.last().and_then(end_of);
        prop_assert_eq!(told, end.into_iter().collect::<Vec<_>>());
    });
}
