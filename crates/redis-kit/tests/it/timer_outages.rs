//! Redis dies, hangs, or loses what it knew.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bus::Failure;
use expiration::{OpenReservation, OpenReservations, Timers, TimersError};
use kernel::{Clock, EventId, OrderId, SystemClock, Timestamp};
use redis_kit::timers::rebuild;
use testkit::ManualClock;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::server::Server;
use crate::support::{Own, reaches};
use crate::world::{WINDOW, World, created, placed};

/// What orders would tell.
#[derive(Default)]
struct Orders {
    open: Mutex<BTreeMap<uuid::Uuid, Timestamp>>,
    reading: AtomicUsize,
    read: AtomicUsize,
}

impl Orders {
    fn open(&self, id: OrderId, expires_at: Timestamp) {
        self.open.lock().unwrap().insert(id.as_uuid(), expires_at);
    }
}

#[async_trait]
impl OpenReservations for Orders {
    async fn page(
        &self,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OpenReservation>, TimersError> {
        assert_eq!(self.reading.fetch_add(1, Ordering::SeqCst), 0, "two workers at once");
        tokio::task::yield_now().await;
        let after = after.map(OrderId::as_uuid);
        let open = self.open.lock().unwrap().clone();
        let rest = open.into_iter().filter(|(id, _)| Some(*id) > after).take(limit as usize);
        let page = rest.map(|(id, expires_at)| OpenReservation {
            order_id: id.into(),
            expires_at,
            trace: None,
        });
        self.reading.fetch_sub(1, Ordering::SeqCst);
        if after.is_none() {
            self.read.fetch_add(1, Ordering::SeqCst);
        }
        Ok(page.collect())
    }
}

fn rebuilding(world: &World, orders: &Arc<Orders>, stop: &CancellationToken) -> JoinHandle<()> {
    let clock = Arc::clone(&world.expiration.clock);
    let orders: Arc<dyn OpenReservations> = orders.clone();
    tokio::spawn(rebuild(world.timers.clone(), orders, clock, stop.clone()))
}

#[tokio::test]
async fn while_redis_is_away_an_event_stays_with_the_broker() {
    let mut server = Server::started().await;
    let own = Own::of(server.url());
    let world = World::new(own.redis(), SystemClock::shared());
    let (early, late) = (placed(SystemClock.now()), placed(SystemClock.now()));
    world.deliver(&created(&early)).await.unwrap();
    server.signal("-STOP");
    let asked = Instant::now();
    assert!(matches!(world.deliver(&created(&late)).await, Err(Failure::Away(_))));
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    assert!(own.redis().health().await.latency.is_err());
    server.signal("-CONT");
    reaches("it is taken", async || world.deliver(&created(&late)).await.is_ok()).await;
    server.kill();
    assert!(matches!(world.deliver(&created(&late)).await, Err(Failure::Away(_))));
    assert!(world.timers.next_due().await.is_err());
    server.start().await;
    reaches("it is taken", async || world.deliver(&created(&late)).await.is_ok()).await;
    assert!(own.redis().health().await.latency.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_timers_are_armed_again_by_one_worker() {
    let mut server = Server::started().await;
    let own = Own::of(server.url());
    let (clock, orders) = (ManualClock::started(), Arc::new(Orders::default()));
    let workers = [0, 1, 2].map(|_| World::new(own.redis(), clock.clone()));
    let stop = CancellationToken::new();
    let tasks = workers.each_ref().map(|world| rebuilding(world, &orders, &stop));
    // at first, nobody knows that all are there
    reaches("one has looked", async || orders.read.load(Ordering::SeqCst) >= 1).await;
    for number in 0..1_500 {
        let order = placed(clock.now().plus(Duration::from_millis(number)));
        orders.open(order.id, order.expires_at);
        workers[0].deliver(&created(&order)).await.unwrap();
    }
    let read = orders.read.load(Ordering::SeqCst);
    server.flush();
    reaches("one has looked again", async || orders.read.load(Ordering::SeqCst) > read).await;
    // a restart may lose what was written last, so that all is compared once more
    let read = orders.read.load(Ordering::SeqCst);
    server.kill();
    server.start().await;
    reaches("one has looked again", async || orders.read.load(Ordering::SeqCst) > read).await;
    reaches("it is done", async || {
        let whole = format!("{}{{timers}}:whole", own.options.prefix);
        let client = redis::Client::open(server.url()).unwrap();
        let mut connection = client.get_connection().unwrap();
        let info: String = redis::cmd("INFO").arg("server").query(&mut connection).unwrap();
        let mark: Option<String> = redis::cmd("GET").arg(whole).query(&mut connection).unwrap();
        mark.is_some_and(|mark| info.contains(&mark))
    })
    .await;
    let mark = EventId::generate();
    clock.advance(WINDOW + Duration::from_millis(1_500));
    for _ in 0..4 {
        workers[1].fire().await;
    }
    assert_eq!(workers[1].told_since(mark).await, 1_500);
    assert_eq!(workers[1].told().await.len(), 1_500);
    assert_eq!(workers[1].timers.next_due().await.unwrap(), None);
    stop.cancel();
    for task in tasks {
        task.await.unwrap();
    }
    // and once more where an answer was late on a busy machine, but not each of the three workers
    assert!(orders.read.load(Ordering::SeqCst) < 6, "{:?}", orders.read);
}
