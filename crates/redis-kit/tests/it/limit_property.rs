//! However requests come, the cells in Redis say what those in memory do.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::FakeRelativeClock;
use http_kit::rate_limit::{Bucket, Key, Limit, SharedCells};
use kernel::{Clock, UserId};
use proptest::collection::vec;
use proptest::prelude::*;
use redis_kit::RedisCells;
use testkit::{ManualClock, cases};
use tokio::runtime::Builder;
use tokio::time::Instant;

use crate::server::Server;
use crate::support::{Own, reaches};

const fn limit(rate: u32, burst: u32) -> Limit {
    let (Some(rate), Some(burst)) = (NonZeroU32::new(rate), NonZeroU32::new(burst)) else {
        panic!("no limit");
    };
    Limit { name: "address_reads", rate, burst }
}

fn limits() -> impl Strategy<Value = Limit> {
    let rates = prop_oneof![1..=10_u32, 11..=2_000_u32];
    (rates, 1..=10_u32).prop_map(|(rate, seconds)| limit(rate, rate * seconds))
}

/// Waits for an answer on a busy machine, too.
fn patient(own: &Own, clock: Arc<dyn Clock>) -> RedisCells {
    RedisCells::with_patience(own.redis(), clock, Duration::from_secs(1))
}

#[test]
fn redis_counts_as_memory_does() {
    let (own, clock) = (Own::new(), ManualClock::started());
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let processes = [0, 1].map(|_| patient(&own, clock.clone()));
    // mostly at once, sometimes after a while, now and then after long
    let pauses = prop_oneof![6 => Just(0), 3 => 1..=900_u64, 1 => 1_000..=20_000_u64];
    let steps = vec((pauses, 0..2_usize, any::<bool>()), 1..=60);
    proptest!(cases(300), |(limit in limits(), steps in steps)| {
        let memory_clock = FakeRelativeClock::default();
        let memory = Bucket::with_clock(limit, memory_clock.clone());
        let user = Key::from(UserId::generate());
        // a case has an address of its own
        let address = UserId::generate().as_uuid().as_u128() as u32;
        let address = Key::of(IpAddr::V4(Ipv4Addr::from_bits(address)));
        for (pause_ms, process, is_user) in steps {
            let pause = Duration::from_millis(pause_ms);
            memory_clock.advance(pause);
            clock.advance(pause);
            let key = if is_user { user } else { address };
            let expected = memory.charge(key);
            let shared = runtime.block_on(processes[process].charge(limit, key));
            prop_assert_eq!(shared, Some(expected));
        }
    });
}

/// A process whose clock is behind counts as well, and nobody gets more than the limit for it.
#[tokio::test]
async fn clocks_that_differ_give_nobody_more() {
    let own = Own::new();
    let (clock, behind) = (ManualClock::started(), ManualClock::started());
    clock.advance(Duration::from_secs(5));
    let ahead = patient(&own, clock.clone());
    let behind = patient(&own, behind);
    let (limit, key) = (limit(1, 4), Key::from(UserId::generate()));
    let mut let_in = 0;
    for _ in 0..4 {
        for process in [&ahead, &behind] {
            let_in += u32::from(process.charge(limit, key).await.unwrap().wait.is_none());
        }
    }
    assert_eq!(let_in, 4);
}

#[tokio::test]
async fn while_redis_is_away_nobody_waits_for_it() {
    let mut server = Server::started().await;
    let own = Own::of(server.url());
    let clock: Arc<dyn Clock> = ManualClock::started();
    let cells = RedisCells::new(own.redis(), clock);
    let (limit, key) = (limit(10, 100), Key::from(UserId::generate()));
    assert_eq!(cells.charge(limit, key).await.unwrap().remaining, 99);
    server.signal("-STOP");
    let asked = Instant::now();
    for _ in 0..1_000 {
        assert_eq!(cells.charge(limit, key).await, None);
    }
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    server.signal("-CONT");
    reaches("it counts again", async || cells.charge(limit, key).await.is_some()).await;
    server.kill();
    let asked = Instant::now();
    for _ in 0..1_000 {
        assert_eq!(cells.charge(limit, key).await, None);
    }
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    server.start().await;
    reaches("it counts again", async || cells.charge(limit, key).await.is_some()).await;
}
