//! Many timers, two workers, and one of them dies.

use std::sync::Arc;
use std::time::Duration;

use bus::Failure;
use expiration::Timers;
use expiration::domain::{Timer, TimerStatus};
use kernel::{EventId, OrderId, SystemClock, Timestamp};
use outbox::Committed;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::{Own, reaches};
use crate::world::{World, created, placed};

const TIMERS: usize = 4_000;

fn armed(fires_at: Timestamp) -> Timer {
    Timer { order_id: OrderId::generate(), fires_at, status: TimerStatus::Armed }
}

fn started(world: &World, stop: &CancellationToken) -> JoinHandle<()> {
    tokio::spawn(expiration::fire(world.expiration.clone(), stop.clone()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_timers_fire_though_a_worker_dies_in_the_middle() {
    let (own, clock) = (Own::new(), SystemClock::shared());
    let mark = EventId::generate();
    let workers = [0, 1].map(|_| World::new(own.redis(), Arc::clone(&clock)));
    let first = clock.now().plus(Duration::from_millis(300));
    let arming = (0..TIMERS).map(|number| {
        let timer = armed(first.plus(Duration::from_micros(250 * number as u64)));
        let (timers, at) = (&workers[number % 2].timers, clock.now());
        async move { timers.keep(timer, EventId::generate(), at).await.unwrap() }
    });
    let arming: Vec<_> = arming.collect();
    for arming in arming {
        let _kept = arming.await;
    }
    let stop = CancellationToken::new();
    let [victim, survivor] = [&workers[0], &workers[1]].map(|world| started(world, &stop));
    reaches("a worker has fired some", async || workers[0].told_since(mark).await > 200).await;
    victim.abort();
    reaches("all have fired", async || workers[1].timers.next_due().await.unwrap().is_none()).await;
    // what the dead worker had committed, and not ended, is told by both
    let told = &workers[0].told().await | &workers[1].told().await;
    assert_eq!(told.len(), TIMERS);
    stop.cancel();
    survivor.await.unwrap();
}

/// Armed by one worker for a time that comes sooner than what another sleeps for.
#[tokio::test]
async fn a_worker_hears_in_time_of_what_another_arms() {
    let (own, clock) = (Own::new(), SystemClock::shared());
    let [arms, fires] = [0, 1].map(|_| World::new(own.redis(), Arc::clone(&clock)));
    let (mark, stop) = (EventId::generate(), CancellationToken::new());
    let firing = started(&fires, &stop);
    let fires_at = clock.now().plus(Duration::from_millis(700));
    let kept = arms.timers.keep(armed(fires_at), EventId::generate(), clock.now()).await;
    assert_eq!(kept.unwrap(), Committed::Now);
    reaches("it has fired", async || fires.told_since(mark).await == 1).await;
    let late = clock.now().until(fires_at);
    assert!(clock.now() >= fires_at && late < Duration::from_secs(2), "{late:?} late");
    stop.cancel();
    firing.await.unwrap();
}

/// The database is away: what was claimed is given back, and fires as soon as it is there again.
#[tokio::test]
async fn a_timer_that_can_not_fire_is_given_back() {
    let (own, clock) = (Own::new(), SystemClock::shared());
    let [broken, sound] = [0, 1].map(|_| World::new(own.redis(), Arc::clone(&clock)));
    broken.expiration.journal.close().await;
    let order = placed(clock.now().minus(crate::world::WINDOW));
    assert_eq!(sound.deliver(&created(&order)).await, Ok::<_, Failure>(()));
    let mark = EventId::generate();
    broken.fire().await;
    sound.fire().await;
    assert_eq!(sound.told_since(mark).await, 1);
}
