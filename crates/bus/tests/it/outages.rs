//! The broker goes away and comes back, under load: what it has confirmed is handled, and nobody
//! waits for it longer than was said.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bus::Bus;
use bus::rabbitmq::RabbitMqOptions;
use kernel::EventId;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, timeout};

use crate::broker::{ORDERS, Process, Vhost};
use crate::own_broker::OwnBroker;
use crate::recording::{Recording, event, events};

/// What a publish may take at most: its time-out, and the machine's being busy.
const NO_LONGER_THAN: Duration = Duration::from_millis(2_000 + 1_500);

/// Publishers that send event after event, and send again what failed, as a relay does.
struct Load {
    running: Arc<AtomicBool>,
    confirmed: Arc<AtomicU64>,
    publishers: JoinSet<(HashSet<EventId>, Duration, u64)>,
}

impl Load {
    fn start(bus: &Arc<dyn Bus>) -> Self {
        let running = Arc::new(AtomicBool::new(true));
        let confirmed = Arc::<AtomicU64>::default();
        let mut publishers = JoinSet::new();
        for _ in 0..64 {
            let (bus, running) = (Arc::clone(bus), Arc::clone(&running));
            let confirmed = Arc::clone(&confirmed);
            publishers.spawn(async move {
                let (mut sent, mut slowest, mut failures) = (HashSet::new(), Duration::ZERO, 0);
                let mut next = event();
                // a thousand a second in all, which the consumer handles while it runs
                let mut pace = tokio::time::interval(Duration::from_millis(64));
                pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
                while running.load(Ordering::SeqCst) {
                    let began = Instant::now();
                    let published = bus.publish(Arc::clone(&next)).await;
                    slowest = slowest.max(began.elapsed());
                    match published {
                        Ok(()) => {
                            confirmed.fetch_add(1, Ordering::SeqCst);
                            sent.insert(next.id);
                            next = event();
                        }
                        Err(_) => failures += 1,
                    }
                    pace.tick().await;
                }
                (sent, slowest, failures)
            });
        }
        Self { running, confirmed, publishers }
    }

    /// Waits until so many more were confirmed.
    async fn goes_on(&self, more: u64) {
        let wanted = self.confirmed.load(Ordering::SeqCst) + more;
        let mut look = tokio::time::interval(Duration::from_millis(10));
        let waiting = async {
            while self.confirmed.load(Ordering::SeqCst) < wanted {
                look.tick().await;
            }
        };
        timeout(Duration::from_secs(60), waiting).await.expect("publishes go on");
    }

    /// Everything that was confirmed; and whether anybody waited too long.
    async fn end(mut self) -> (Vec<EventId>, u64) {
        self.running.store(false, Ordering::SeqCst);
        let (mut all, mut failed) = (Vec::new(), 0);
        while let Some(ended) = self.publishers.join_next().await {
            let (sent, slowest, failures) = ended.unwrap();
            assert!(slowest < NO_LONGER_THAN, "a publish took {slowest:?}");
            all.extend(sent);
            failed += failures;
        }
        (all, failed)
    }
}

async fn start(broker: &OwnBroker) -> (Vhost, Arc<Recording>, Process) {
    let vhost = broker.vhost().await;
    let orders = Arc::<Recording>::default();
    let process = Process::start(vhost.options(&[ORDERS]), vec![orders.subscription(ORDERS)]);
    (vhost, orders, process)
}

async fn every_one_is_handled(orders: &Recording, confirmed: &[EventId], failed: u64) {
    let seen = orders.once_handled(confirmed).await;
    let twice = seen.deliveries.len() - seen.handled.len();
    println!("{} confirmed, {failed} failed, {twice} delivered again", confirmed.len());
    assert!(seen.parked.is_empty() && seen.unreadable.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_killed_loses_nothing_that_it_confirmed() {
    let mut broker = OwnBroker::start().await;
    let (_vhost, orders, process) = start(&broker).await;
    let load = Load::start(&process.rabbit.publisher());
    for _ in 0..3 {
        load.goes_on(1_000).await;
        broker.kill();
        broker.start_again().await;
    }
    load.goes_on(1_000).await;
    let (confirmed, failed) = load.end().await;
    assert!(failed > 0, "it was away");
    every_one_is_handled(&orders, &confirmed, failed).await;
    assert!(process.rabbit.condition().is_connected);
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_stopped_and_started_loses_nothing() {
    let broker = OwnBroker::start().await;
    let (_vhost, orders, process) = start(&broker).await;
    let load = Load::start(&process.rabbit.publisher());
    for _ in 0..2 {
        load.goes_on(1_000).await;
        broker.control(&["stop_app"]).await;
        assert!(!process.rabbit.condition().is_connected);
        broker.control(&["start_app"]).await;
    }
    load.goes_on(1_000).await;
    let (confirmed, failed) = load.end().await;
    every_one_is_handled(&orders, &confirmed, failed).await;
    process.stop().await;
}

/// Whoever acknowledges on a connection that breaks just then doesn't wait for ever: each would
/// keep its turn, until nothing is handled any more, and the process could never stop.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_over_and_over_leave_nobody_waiting() {
    let broker = OwnBroker::start().await;
    let (_vhost, orders, process) = start(&broker).await;
    let load = Load::start(&process.rabbit.publisher());
    load.goes_on(1_000).await;
    let seen = || orders.seen().deliveries.len();
    let before = seen();
    let kill_all_60_times = "[begin timer:sleep(200), \
         [exit(Pid, kill) || Pid <- rabbit_networking:connections()] end \
         || _ <- lists:seq(1, 60)].";
    broker.control(&["eval", kill_all_60_times]).await;
    assert!(seen() > before + 500, "connections broke while they were used");
    load.goes_on(1_000).await;
    let (confirmed, failed) = load.end().await;
    assert!(failed > 0, "they broke");
    every_one_is_handled(&orders, &confirmed, failed).await;
    timeout(Duration::from_secs(30), process.stop()).await.expect("nobody waits");
}

/// Somebody who listens where the broker should and never says a word costs one connection, however
/// long that lasts.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_says_nothing_costs_one_thread() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let options = RabbitMqOptions {
        connect_timeout: Duration::from_millis(100),
        reconnect_pause_first: Duration::from_millis(1),
        reconnect_pause_max: Duration::from_millis(10),
        ..RabbitMqOptions::new(format!("amqp://{address}"), "a test".to_owned(), Vec::new())
    };
    let process = Process::start(options, Vec::new());
    let mut taken = Vec::new();
    for _ in 0..10 {
        taken.push(silent.accept().await.unwrap());
    }
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let name = |thread: std::fs::DirEntry| {
        std::fs::read_to_string(thread.path().join("comm")).unwrap_or_default()
    };
    let loops = threads.map(|thread| name(thread.unwrap())).filter(|name| name.contains("lapin"));
    assert_eq!(loops.count(), 1);
    process.stop().await;
}

/// Short of memory, a broker stops to read: whoever publishes hears so in time, and what was
/// confirmed before is handled meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_short_of_memory_lets_nobody_hang() {
    let broker = OwnBroker::start().await;
    let (_vhost, orders, process) = start(&broker).await;
    let bus = process.rabbit.publisher();
    bus.publish(event()).await.unwrap();
    broker.control(&["set_vm_memory_high_watermark", "absolute", "1MB"]).await;
    let (mut blocked, began) = (false, Instant::now());
    while !blocked {
        assert!(began.elapsed() < Duration::from_secs(30), "it is blocked some time");
        let asked = Instant::now();
        let published = bus.publish(event()).await;
        assert!(asked.elapsed() < NO_LONGER_THAN, "{:?}", asked.elapsed());
        blocked = published.is_err() && process.rabbit.condition().is_blocked;
    }
    let (many, began) = (events(2_000), Instant::now());
    let published = many.iter().map(|event| bus.publish(Arc::clone(event)));
    let published = futures_util::future::join_all(published).await;
    assert!(published.iter().all(Result::is_err));
    assert!(began.elapsed() < NO_LONGER_THAN, "{:?}", began.elapsed());
    broker.control(&["set_vm_memory_high_watermark", "absolute", "1GB"]).await;
    let load = Load::start(&bus);
    load.goes_on(1_000).await;
    let (confirmed, failed) = load.end().await;
    every_one_is_handled(&orders, &confirmed, failed).await;
    process.stop().await;
}
