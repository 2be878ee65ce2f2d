//! However its order's events are delivered, a timer runs unless its order was cancelled. It fires
//! at most once, never before its time, and never after it was dropped.

use std::time::Duration;

use std::sync::Arc;

use events::{CancelReason, Envelope, Order, OrderCancelled, OrderCreated, OrderStatus};
use kernel::{Clock, EventId};
use proptest::collection::vec;
use proptest::prelude::*;
use testkit::{cases, deliveries, runtime, sealed};

use crate::support::{WINDOW, World, placed};

/// Parts of the time to pay, as the clock moves: the deadline comes with the last.
const PARTS: u32 = 4;

fn created(order: &Order) -> Arc<Envelope> {
    sealed(OrderCreated(order.clone()))
}

fn cancelled(order: &Order) -> Arc<Envelope> {
    sealed(OrderCancelled(Order {
        status: OrderStatus::Cancelled,
        version: order.version.next(),
        cancel_reason: Some(CancelReason::Buyer),
        ..order.clone()
    }))
}

#[test]
fn a_timer_runs_unless_its_order_was_cancelled() {
    let runtime = runtime();
    let world = runtime.block_on(World::new());
    let stories = any::<bool>().prop_flat_map(|cancels| {
        let deliveries = deliveries(if cancels { 2 } else { 1 });
        (Just(cancels), deliveries)
    });
    proptest!(cases(2_000), |((cancels, deliveries) in stories)| {
        let order = placed(world.clock.now());
        let history = [created(&order), cancelled(&order)];
        let timer = runtime.block_on(async {
            for event in deliveries {
                world.deliver(&history[event]).await;
            }
            world.timer(order.id).await
        });
        let status = if cancels { "dropped" } else { "armed" };
        prop_assert_eq!(timer, Some((status.to_owned(), order.expires_at)));
    });
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// `order:created` comes, for the first time or again.
    Created,
    /// `order:cancelled` comes, for the first time or again.
    Cancelled,
    /// A part of the time to pay goes by.
    Wait,
    /// Expiration looks for what is due.
    Fire,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Created),
        1 => Just(Step::Cancelled),
        4 => Just(Step::Wait),
        3 => Just(Step::Fire),
    ];
    vec(step, 1..=20)
}

/// What a timer has to be after some steps.
#[derive(Debug, Default)]
struct Model {
    status: Option<&'static str>,
    waited: u32,
    fired: i64,
}

impl Model {
    fn take(&mut self, step: Step) {
        match (step, self.status) {
            (Step::Created, None) => self.status = Some("armed"),
            (Step::Cancelled, None | Some("armed")) => self.status = Some("dropped"),
            (Step::Wait, _) => self.waited += 1,
            (Step::Fire, Some("armed")) if self.waited >= PARTS => {
                self.status = Some("fired");
                self.fired += 1;
            }
            _ => {}
        }
    }
}

#[test]
fn a_timer_fires_in_its_time_and_once_unless_it_was_dropped() {
    let runtime = runtime();
    let world = runtime.block_on(World::new());
    proptest!(cases(2_000), |(steps in steps())| {
        let (order, mark) = (placed(world.clock.now()), EventId::generate());
        let (created, cancelled) = (created(&order), cancelled(&order));
        let mut model = Model::default();
        for step in steps {
            model.take(step);
            let (timer, told) = runtime.block_on(async {
                match step {
                    Step::Created => world.deliver(&created).await,
                    Step::Cancelled => world.deliver(&cancelled).await,
                    Step::Wait => world.clock.advance(WINDOW / PARTS),
                    Step::Fire => world.fire().await,
                }
                (world.timer(order.id).await, world.told_since(mark).await)
            });
            let status = timer.as_ref().map(|(status, _)| status.as_str());
            prop_assert_eq!(status, model.status);
            prop_assert_eq!(told, model.fired);
        }
        // what is still armed fires now, and not in another case
        world.clock.advance(WINDOW);
        runtime.block_on(world.fire());
    });
}

/// What has ended is forgotten after a day, and what runs never is; an event that comes even later
/// fires once for nothing, and orders knows better.
#[test]
fn ended_timers_are_forgotten_after_a_day() {
    let runtime = runtime();
    let world = runtime.block_on(World::new());
    runtime.block_on(async {
        let (ended, running) = (placed(world.clock.now()), placed(world.clock.now()));
        world.deliver(&cancelled(&ended)).await;
        world.deliver(&created(&running)).await;
        world.clock.advance(WINDOW + Duration::from_secs(23 * 3600));
        world.forget().await;
        assert!(world.timer(ended.id).await.is_some(), "not before a day");
        world.clock.advance(Duration::from_secs(2 * 3600));
        world.forget().await;
        assert!(world.timer(ended.id).await.is_none());
        assert!(world.timer(running.id).await.is_some(), "it has not fired yet");
        world.fire().await;
        world.forget().await;
        assert!(world.timer(running.id).await.is_none(), "it has");
    });
}
