//! What a publish promises.

use std::sync::Arc;
use std::time::Duration;

use bus::rabbitmq::{Queue, QueueKind, RabbitMqOptions};
use futures_util::future::join_all;
use kernel::EventId;
use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

use crate::broker::{ORDERS, Process, TICKETS, Vhost};
use crate::recording::{Recording, event, events};

#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_wants_an_event_gets_it_once() {
    for queue_kind in [QueueKind::Classic, QueueKind::Quorum] {
        let vhost = Vhost::new().await;
        let options = RabbitMqOptions { queue_kind, ..vhost.options(&[ORDERS, TICKETS]) };
        let (orders, tickets) = <(Arc<Recording>, Arc<Recording>)>::default();
        let sender = Process::start(options.clone(), Vec::new());
        let subscriptions = vec![orders.subscription(ORDERS), tickets.subscription(TICKETS)];
        let receiver = Process::start(options, subscriptions);
        let sent = events(300);
        let bus = sender.rabbit.publisher();
        let published = join_all(sent.iter().map(|event| bus.publish(Arc::clone(event)))).await;
        published.into_iter().for_each(Result::unwrap);
        let ids: Vec<EventId> = sent.iter().map(|event| event.id).collect();
        for recording in [orders, tickets] {
            assert_eq!(recording.once_handled(&ids).await.deliveries.len(), 300);
        }
        receiver.stop().await;
        sender.stop().await;
        vhost.remove().await;
    }
}

/// Who starts later finds what was sent before; though it never was there.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_waits_for_a_service_that_has_not_started_yet() {
    let vhost = Vhost::new().await;
    let sender = Process::start(vhost.options(&[ORDERS]), Vec::new());
    let sent = event();
    sender.rabbit.publisher().publish(Arc::clone(&sent)).await.unwrap();
    let orders = Arc::<Recording>::default();
    let receiver = Process::start(vhost.options(&[ORDERS]), vec![orders.subscription(ORDERS)]);
    orders.once_handled(&[sent.id]).await;
    receiver.stop().await;
    sender.stop().await;
    vhost.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_queue_takes_is_not_delivered() {
    const OTHERS: Queue = Queue { service: "payments", kinds: &["order:created"] };
    let vhost = Vhost::new().await;
    let sender = Process::start(vhost.options(&[OTHERS]), Vec::new());
    let error = sender.rabbit.publisher().publish(event()).await.unwrap_err();
    assert!(error.reason.contains("no queue takes"), "{error}");
    sender.stop().await;
    vhost.remove().await;
}

/// The broker gives a message back before it acknowledges it, but acknowledges others between; with
/// many on their way, each still gets its own answer.
#[tokio::test(flavor = "multi_thread")]
async fn among_many_only_what_no_queue_takes_is_refused() {
    let vhost = Vhost::new().await;
    let orders = Arc::<Recording>::default();
    let process = Process::start(vhost.options(&[ORDERS]), vec![orders.subscription(ORDERS)]);
    let bus = process.rabbit.publisher();
    let (mut wanted, mut unwanted) = (Vec::new(), 0);
    for _ in 0..20 {
        let round = events(200).into_iter().enumerate().map(|(index, event)| {
            let is_wanted = index % 10 != 0;
            let mut event = Arc::unwrap_or_clone(event);
            if !is_wanted {
                event.kind = "order:created".to_owned();
            }
            let bus = &bus;
            async move { (is_wanted, event.id, bus.publish(Arc::new(event)).await.is_ok()) }
        });
        for (is_wanted, id, is_ok) in join_all(round).await {
            if is_ok && is_wanted {
                wanted.push(id);
            }
            unwanted += u32::from(is_ok && !is_wanted);
        }
    }
    assert_eq!(unwanted, 0, "no queue has them");
    orders.once_handled(&wanted).await;
    process.stop().await;
    vhost.remove().await;
}

/// A queue that somebody deletes is declared anew, and no publish says that it went there before.
#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_deleted_comes_back() {
    let vhost = Vhost::new().await;
    let sender = Process::start(vhost.options(&[ORDERS]), Vec::new());
    let bus = sender.rabbit.publisher();
    bus.publish(event()).await.unwrap();
    let queue = format!("queues/{}/ticketing.orders", vhost.name);
    vhost.manage(Method::DELETE, &queue, None).await;
    let error = bus.publish(event()).await.unwrap_err();
    assert!(error.reason.contains("no queue takes"), "{error}");
    let (again, began) = (event(), Instant::now());
    while bus.publish(Arc::clone(&again)).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "it comes back soon");
    }
    let orders = Arc::<Recording>::default();
    let receiver = Process::start(vhost.options(&[ORDERS]), vec![orders.subscription(ORDERS)]);
    orders.once_handled(&[again.id]).await;
    receiver.stop().await;
    sender.stop().await;
    vhost.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_a_publish_fails_in_time() {
    let vhost = Vhost::new().await;
    let options = vhost.options(&[ORDERS]);
    let url = "amqp://ticketing:ticketing@127.0.0.1:1/none".to_owned();
    let sender = Process::start(RabbitMqOptions { url, ..options }, Vec::new());
    let (bus, began) = (sender.rabbit.publisher(), Instant::now());
    let published = join_all((0..100).map(|_| bus.publish(event()))).await;
    assert!(published.iter().all(Result::is_err));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert!(!sender.rabbit.condition().is_connected);
    sender.stop().await;
    vhost.remove().await;
}

/// The message as others see it: CloudEvents' structured mode, and the attributes as headers.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_a_cloud_event_in_amqp() {
    let vhost = Vhost::new().await;
    let sender = Process::start(vhost.options(&[ORDERS]), Vec::new());
    let sent = event();
    sender.rabbit.publisher().publish(Arc::clone(&sent)).await.unwrap();
    let path = format!("queues/{}/ticketing.orders/get", vhost.name);
    let how = json!({"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"});
    let got = vhost.manage(Method::POST, &path, Some(how)).await[0].take();
    assert_eq!(
        (&got["exchange"], &got["routing_key"]),
        (&json!("ticketing"), &json!("expiration.complete"))
    );
    let (properties, id) = (&got["properties"], sent.id.to_string());
    assert_eq!(properties["content_type"], "application/cloudevents+json; charset=UTF-8");
    assert_eq!(properties["delivery_mode"], 2);
    assert_eq!(properties["message_id"], id);
    assert_eq!(properties["type"], "expiration:complete");
    assert_eq!(properties["app_id"], "expiration");
    let headers = &properties["headers"];
    for (name, value) in [
        ("id", id.as_str()),
        ("type", "expiration:complete"),
        ("source", "/expiration"),
        ("subject", &sent.subject.to_string()),
        ("time", &sent.time.to_string()),
        ("specversion", "1.0"),
    ] {
        assert_eq!(headers[format!("cloudEvents:{name}")], value, "{name}");
    }
    assert_eq!(got["payload"], serde_json::to_string(&*sent).unwrap());
    sender.stop().await;
    vhost.remove().await;
}
