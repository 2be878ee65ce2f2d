//! What happens to what can't be handled, and to what is behind it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bus::Failure;
use bus::rabbitmq::{QueueKind, RabbitMqOptions};
use events::Envelope;
use futures_util::future::join_all;
use kernel::EventId;
use reqwest::Method;
use serde_json::json;

use crate::broker::{ORDERS, Process, Vhost};
use crate::recording::{Answer, Recording, event, events};

/// A vhost with one process that sends, and consumes as `orders`.
async fn one(orders: &Arc<Recording>) -> (Vhost, Process) {
    let vhost = Vhost::new().await;
    let process = Process::start(vhost.options(&[ORDERS]), vec![orders.subscription(ORDERS)]);
    (vhost, process)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_work_later_is_tried_again_after_growing_pauses() {
    let orders = Arc::<Recording>::default();
    let (vhost, process) = one(&orders).await;
    let sent = event();
    orders.script(sent.id, [Answer::Retry, Answer::Retry, Answer::Retry]);
    process.rabbit.publisher().publish(Arc::clone(&sent)).await.unwrap();
    let seen = orders.once_handled(&[sent.id]).await;
    let times: Vec<_> = seen.deliveries.iter().map(|(_, at)| *at).collect();
    assert_eq!(times.len(), 4);
    let pauses: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (pause, expected) in pauses.iter().zip([50, 200, 200]) {
        let expected = Duration::from_millis(expected);
        assert!(*pause >= expected && *pause < expected + Duration::from_secs(1), "{pauses:?}");
    }
    process.stop().await;
    vhost.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_is_parked_and_what_is_behind_it_flows() {
    let orders = Arc::<Recording>::default();
    let (vhost, process) = one(&orders).await;
    let (never, panics, busy) = (event(), event(), event());
    orders.script(never.id, [Answer::Fail]);
    orders.script(panics.id, [Answer::Panic]);
    orders.script(busy.id, vec![Answer::Retry; 100]);
    let bus = process.rabbit.publisher();
    let behind = events(50);
    for event in [&never, &panics, &busy].into_iter().chain(&behind) {
        bus.publish(Arc::clone(event)).await.unwrap();
    }
    let ids: Vec<EventId> = behind.iter().map(|event| event.id).collect();
    orders.once_handled(&ids).await;
    let seen = orders.once(|seen| seen.parked.len() == 3).await;
    assert!(seen.parked.contains(&(never.id, Failure::Fail("told to".to_owned()))));
    let panicked = Failure::Fail("the consumer panicked".to_owned());
    assert!(seen.parked.contains(&(panics.id, panicked)));
    assert!(seen.parked.contains(&(busy.id, Failure::Retry("told to".to_owned()))));
    let tries = seen.deliveries.iter().filter(|(id, _)| *id == busy.id).count();
    assert_eq!(tries, 4, "as many as there may be");
    process.stop().await;
    vhost.remove().await;
}

/// While the database that would keep it is away, the broker does.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_parked_yet_stays_with_the_broker() {
    let orders = Arc::<Recording>::default();
    let (vhost, process) = one(&orders).await;
    orders.refuses_letters.store(3, Ordering::SeqCst);
    let sent = event();
    orders.script(sent.id, vec![Answer::Fail; 100]);
    process.rabbit.publisher().publish(Arc::clone(&sent)).await.unwrap();
    let seen = orders.once(|seen| seen.parked.len() == 1).await;
    assert_eq!(seen.deliveries.len(), 4);
    process.stop().await;
    vhost.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_is_parked_once_as_what_it_is() {
    let orders = Arc::<Recording>::default();
    let (vhost, process) = one(&orders).await;
    let sent = event();
    process.rabbit.publisher().publish(Arc::clone(&sent)).await.unwrap();
    for _ in 0..2 {
        let path = format!("exchanges/{}/ticketing/publish", vhost.name);
        let message = json!({
            "properties": {}, "routing_key": "expiration.complete",
            "payload": "{\"id\": \u{0}", "payload_encoding": "string",
        });
        vhost.manage(Method::POST, &path, Some(message)).await;
    }
    let seen = orders.once(|seen| seen.unreadable.len() == 2).await;
    assert_eq!(seen.unreadable[0].0, seen.unreadable[1].0, "the same for the same bytes");
    assert_eq!(seen.unreadable[0].0.text, "{\"id\": \u{fffd}");
    orders.once_handled(&[sent.id]).await;
    process.stop().await;
    vhost.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_are_handled_at_once_than_may_be() {
    let orders = Arc::<Recording>::default();
    let (vhost, process) = one(&orders).await;
    let sent = events(100);
    for (index, event) in sent.iter().enumerate() {
        let first = if index % 2 == 0 { vec![Answer::Retry] } else { Vec::new() };
        orders.script(event.id, first.into_iter().chain([Answer::Wait]));
    }
    let bus = process.rabbit.publisher();
    let published = join_all(sent.iter().map(|event| bus.publish(Arc::clone(event)))).await;
    published.into_iter().for_each(Result::unwrap);
    orders.once(|_seen| orders.at_once_max.load(Ordering::SeqCst) >= 8).await;
    orders.gate.add_permits(sent.len());
    let ids: Vec<EventId> = sent.iter().map(|event| event.id).collect();
    orders.once_handled(&ids).await;
    assert_eq!(orders.at_once_max.load(Ordering::SeqCst), 8);
    process.stop().await;
    vhost.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_had_begun_another_finishes() {
    for queue_kind in [QueueKind::Classic, QueueKind::Quorum] {
        let vhost = Vhost::new().await;
        let options = RabbitMqOptions { queue_kind, ..vhost.options(&[ORDERS]) };
        let (killed, other) = <(Arc<Recording>, Arc<Recording>)>::default();
        let victim = Process::start(options.clone(), vec![killed.subscription(ORDERS)]);
        let sent = events(20);
        for event in &sent {
            killed.script(event.id, [Answer::Wait]);
        }
        let bus = victim.rabbit.publisher();
        let published = join_all(sent.iter().map(|event| bus.publish(Arc::clone(event)))).await;
        published.into_iter().for_each(Result::unwrap);
        killed.once(|seen| seen.deliveries.len() == 8).await;
        drop(bus);
        victim.kill().await;
        let survivor = Process::start(options, vec![other.subscription(ORDERS)]);
        let ids: Vec<EventId> = sent.iter().map(|event| event.id).collect();
        other.once_handled(&ids).await;
        survivor.stop().await;
        vhost.remove().await;
    }
}

/// Publishes `sent`, and kills each process that handles it, `kills` times.
async fn kill_while_handling(
    sent: &Arc<Envelope>,
    orders: &Arc<Recording>,
    options: &RabbitMqOptions,
    kills: usize,
) {
    for killed in 0..kills {
        let victim = Process::start(options.clone(), vec![orders.subscription(ORDERS)]);
        if killed == 0 {
            victim.rabbit.publisher().publish(Arc::clone(sent)).await.unwrap();
        }
        orders.once(|seen| seen.deliveries.len() == killed + 1).await;
        victim.kill().await;
    }
}

/// An event that brings down whoever handles it: a quorum queue counts that, and after as many
/// times as there may be it is parked without being tried again.
#[tokio::test(flavor = "multi_thread")]
async fn what_kills_its_process_each_time_is_parked_in_the_end() {
    let vhost = Vhost::new().await;
    let queue_kind = QueueKind::Quorum;
    let options = RabbitMqOptions { queue_kind, ..vhost.options(&[ORDERS]) };
    let orders = Arc::<Recording>::default();
    let sent = event();
    orders.script(sent.id, vec![Answer::Wait; 100]);
    kill_while_handling(&sent, &orders, &options, 4).await;
    let last = Process::start(options, vec![orders.subscription(ORDERS)]);
    let seen = orders.once(|seen| seen.parked.len() == 1).await;
    assert_eq!(seen.deliveries.len(), 4);
    assert_eq!(seen.parked[0].1.to_string(), "came back 4 times without an answer");
    last.stop().await;
    vhost.remove().await;
}

/// What a queue has counted before a message was put off isn't counted once more with each try.
#[tokio::test(flavor = "multi_thread")]
async fn what_came_back_counts_once() {
    let vhost = Vhost::new().await;
    let options = RabbitMqOptions {
        queue_kind: QueueKind::Quorum,
        attempts_max: 6,
        ..vhost.options(&[ORDERS])
    };
    let orders = Arc::<Recording>::default();
    let sent = event();
    let script = [vec![Answer::Wait; 2], vec![Answer::Retry; 100]].concat();
    orders.script(sent.id, script);
    kill_while_handling(&sent, &orders, &options, 2).await;
    let last = Process::start(options, vec![orders.subscription(ORDERS)]);
    let seen = orders.once(|seen| seen.parked.len() == 1).await;
    assert_eq!(seen.deliveries.len(), 6, "two that were killed, and four tries");
    last.stop().await;
    vhost.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_of_one_service_share_its_queue() {
    let vhost = Vhost::new().await;
    let (first, second) = <(Arc<Recording>, Arc<Recording>)>::default();
    let start = |recording: &Arc<Recording>| {
        Process::start(vhost.options(&[ORDERS]), vec![recording.subscription(ORDERS)])
    };
    let (one, two) = (start(&first), start(&second));
    let bus = one.rabbit.publisher();
    // both are there
    for recording in [&first, &second] {
        let began = tokio::time::Instant::now();
        while recording.at_once_max.load(Ordering::SeqCst) == 0 {
            bus.publish(event()).await.unwrap();
            assert!(began.elapsed() < Duration::from_secs(20), "each gets its share");
        }
    }
    let sent = events(400);
    let published = join_all(sent.iter().map(|event| bus.publish(Arc::clone(event)))).await;
    published.into_iter().for_each(Result::unwrap);
    let of = |recording: &Arc<Recording>| {
        let recording = Arc::clone(recording);
        async move { recording.once(|seen| seen.handled.len() >= 50).await.handled }
    };
    let (of_first, of_second) = tokio::join!(of(&first), of(&second));
    assert!(of_first.is_disjoint(&of_second));
    two.stop().await;
    one.stop().await;
    vhost.remove().await;
}

/// Stopping finishes what was begun, says so to the broker, and leaves the rest to others.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_what_was_begun() {
    let orders = Arc::<Recording>::default();
    let (vhost, process) = one(&orders).await;
    let sent = events(30);
    for event in &sent {
        orders.script(event.id, [Answer::Wait]);
    }
    let bus = process.rabbit.publisher();
    let published = join_all(sent.iter().map(|event| bus.publish(Arc::clone(event)))).await;
    published.into_iter().for_each(Result::unwrap);
    orders.once(|seen| seen.deliveries.len() == 8).await;
    let stopping = tokio::spawn(process.stop());
    orders.gate.add_permits(100);
    stopping.await.unwrap();
    let (handled, rest) =
        (orders.once(|seen| seen.handled.len() >= 8).await.handled, Arc::default());
    let next =
        Process::start(vhost.options(&[ORDERS]), vec![Recording::subscription(&rest, ORDERS)]);
    let left: Vec<_> =
        sent.iter().map(|event| event.id).filter(|id| !handled.contains(id)).collect();
    let seen = rest.once_handled(&left).await;
    assert!(seen.handled.is_disjoint(&handled), "what was finished does not come again");
    next.stop().await;
    vhost.remove().await;
}
