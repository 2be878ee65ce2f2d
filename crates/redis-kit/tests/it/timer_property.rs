//! However its order's events are delivered, whichever worker gets them, and though workers die: a
//! timer fires unless its order was cancelled, never before its time, and never after it was
//! dropped.

use std::time::Duration;

use expiration::Timers;
use kernel::{Clock, EventId};
use proptest::collection::vec;
use proptest::prelude::*;
use testkit::{ManualClock, cases};
use tokio::runtime::Builder;

use crate::support::Own;
use crate::world::{WINDOW, World, cancelled, created, placed};

/// Parts of the time to pay, as the clock moves: the deadline comes with the last.
const PARTS: u32 = 4;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// `order:created` comes, for the first time or again.
    Created,
    /// `order:cancelled` comes, for the first time or again.
    Cancelled,
    /// A part of the time to pay goes by.
    Wait,
    /// A worker looks for what is due.
    Fire,
    /// A worker claims what is due, and is never heard of again.
    Die,
}

fn steps() -> impl Strategy<Value = Vec<(Step, usize)>> {
    let step = prop_oneof![
        3 => Just(Step::Created),
        1 => Just(Step::Cancelled),
        4 => Just(Step::Wait),
        3 => Just(Step::Fire),
        1 => Just(Step::Die),
    ];
    vec((step, 0..2_usize), 1..=20)
}

/// What a timer has to be after some steps.
#[derive(Debug, Default)]
struct Model {
    status: Option<&'static str>,
    claimed: bool,
    waited: u32,
    fired: i64,
}

impl Model {
    fn take(&mut self, step: Step) {
        let is_due = self.status == Some("armed") && self.waited >= PARTS && !self.claimed;
        match step {
            Step::Created if self.status.is_none() => self.status = Some("armed"),
            Step::Cancelled if matches!(self.status, None | Some("armed")) => {
                self.status = Some("dropped");
            }
            Step::Wait => {
                self.waited += 1;
                // much longer than a claim lasts
                self.claimed = false;
            }
            Step::Fire if is_due => {
                self.status = Some("fired");
                self.fired += 1;
            }
            Step::Die if is_due => self.claimed = true,
            _ => {}
        }
    }
}

#[test]
fn a_timer_fires_in_its_time_and_once_unless_it_was_dropped() {
    let (own, clock) = (Own::new(), ManualClock::started());
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let workers = [0, 1].map(|_| World::new(own.redis(), clock.clone()));
    proptest!(cases(400), |(steps in steps())| {
        let (order, mark) = (placed(clock.now()), EventId::generate());
        let (created, cancelled) = (created(&order), cancelled(&order));
        let mut model = Model::default();
        for (step, worker) in steps {
            let worker = &workers[worker];
            model.take(step);
            let told = runtime.block_on(async {
                match step {
                    Step::Created => worker.deliver(&created).await.unwrap(),
                    Step::Cancelled => worker.deliver(&cancelled).await.unwrap(),
                    Step::Wait => clock.advance(WINDOW / PARTS),
                    Step::Fire => worker.fire().await,
                    Step::Die => drop(worker.timers.claim_due(clock.now(), 9).await.unwrap()),
                }
                workers[0].told_since(mark).await + workers[1].told_since(mark).await
            });
            prop_assert_eq!(told, model.fired);
        }
        // what still runs fires now, and not in another case
        clock.advance(WINDOW);
        let told = runtime.block_on(async {
            workers[0].fire().await;
            workers[1].fire().await;
            workers[0].told_since(mark).await + workers[1].told_since(mark).await
        });
        let fired = if model.status == Some("armed") { 1 } else { model.fired };
        prop_assert_eq!(told, fired);
        prop_assert_eq!(runtime.block_on(workers[0].timers.next_due()).unwrap(), None);
    });
}

/// An event that comes a day after its timer's end fires once for nothing, and orders knows
/// better; until then it changes nothing. (Redis forgets by its own clock.)
#[test]
fn the_end_is_remembered_for_a_day_after_the_time() {
    let (own, clock) = (Own::new(), ManualClock::started());
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let worker = World::new(own.redis(), clock.clone());
        let (order, late) = (placed(clock.now()), placed(clock.now()));
        worker.deliver(&created(&order)).await.unwrap();
        worker.deliver(&cancelled(&late)).await.unwrap();
        clock.advance(WINDOW);
        worker.fire().await;
        for (order, remembered) in [(&order, Duration::ZERO), (&late, WINDOW)] {
            let key = format!("{}{{timers}}:ended:{}", own.options.prefix, order.id);
            let client = redis::Client::open(own.options.url.as_str()).unwrap();
            let mut connection = client.get_connection().unwrap();
            let ttl: u64 = redis::cmd("PTTL").arg(&key).query(&mut connection).unwrap();
            let longest = (Duration::from_secs(24 * 3600) + remembered).as_millis() as u64;
            assert!(ttl <= longest && ttl > longest - 60_000, "{ttl} of {longest}");
        }
    });
}
