//! Those who only listen: what they may have missed, they are told.

use std::sync::Arc;
use std::time::Duration;

use bus::{Listener, Listening};
use events::Envelope;
use kernel::SystemClock;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::broker::Vhost;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A permit for each time it was told that it may have missed something.
struct Ears(Semaphore);

impl Listener for Ears {
    fn hear(&self, _envelope: &Arc<Envelope>) {}

    fn missed(&self) {
        self.0.add_permits(1);
    }
}

impl Ears {
    /// Waits until it is told once more.
    async fn are_told(&self) {
        let told = timeout(PATIENCE, self.0.acquire()).await;
        told.expect("it is told in time").unwrap().forget();
    }
}

/// The queue to which another one's dropped messages go.
async fn queue_of_dropped(vhost: &Vhost) -> String {
    let queues = vhost.manage(Method::GET, &format!("queues/{}", vhost.name), None).await;
    let argument = |queue: &Value| queue["arguments"]["x-dead-letter-routing-key"].clone();
    let named = queues.as_array().unwrap().iter().map(argument).find(Value::is_string);
    named.unwrap().as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_dropped_is_known_to_be_missed() {
    let vhost = Vhost::new().await;
    let ears = Arc::new(Ears(Semaphore::new(0)));
    let listener = Arc::clone(&ears) as Arc<dyn Listener>;
    let listening = Listening { kinds: &["ticket:updated"], listener };
    let rabbit = bus::rabbitmq::RabbitMq::new(vhost.options(&[]), SystemClock::shared()).unwrap();
    let stop = CancellationToken::new();
    let work = tokio::spawn(rabbit.listen(listening, stop.clone()));
    ears.are_told().await;
    // as the broker does with what a full queue drops
    let body = json!({
        "properties": {}, "routing_key": queue_of_dropped(&vhost).await,
        "payload": "dropped", "payload_encoding": "string",
    });
    let path = format!("exchanges/{}/amq.default/publish", vhost.name);
    let answer = vhost.manage(Method::POST, &path, Some(body)).await;
    assert_eq!(answer["routed"], true);
    ears.are_told().await;
    stop.cancel();
    work.await.unwrap();
    vhost.remove().await;
}
