//! The broker under test: where it is, and a vhost for each test.

use std::path::PathBuf;
use std::time::Duration;

use bus::rabbitmq::{Queue, QueueKind, RabbitMq, RabbitMqOptions};
use kernel::{EventId, SystemClock};
use reqwest::Method;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The events that the services of these tests want.
pub(crate) const ORDERS: Queue = Queue { service: "orders", kinds: &["expiration:complete"] };
pub(crate) const TICKETS: Queue = Queue { service: "tickets", kinds: &["expiration:complete"] };

/// A vhost, which goes with this value.
pub(crate) struct Vhost {
    amqp: String,
    management: String,
    pub(crate) name: String,
}

/// What the machine's services are, from the environment or from `cargo xtask services up`.
fn service(name: &str) -> String {
    if let Ok(value) = std::env::var(format!("TICKETING_TEST_{name}")) {
        return value;
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let workspace = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target"));
    let file = target.unwrap_or(workspace).join("services/services.env");
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("no {name}: run `cargo xtask services up` first")).to_owned()
}

impl Vhost {
    /// A new one on the machine's broker.
    pub(crate) async fn new() -> Self {
        Self::on(&service("AMQP_URL"), &service("AMQP_MANAGEMENT_URL")).await
    }

    /// A new one on the broker at these addresses.
    pub(crate) async fn on(amqp: &str, management: &str) -> Self {
        let name = format!("test-{}", EventId::generate());
        let vhost = Self { amqp: amqp.to_owned(), management: management.to_owned(), name };
        vhost.manage(Method::PUT, &format!("vhosts/{}", vhost.name), None).await;
        vhost
    }

    /// Asks the broker's management interface.
    pub(crate) async fn manage(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}/api/{path}", self.management);
        let request = reqwest::Client::new().request(method, &url);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{url}: {}", answer.status());
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
    }

    /// Options for tests: impatient, and on classic queues.
    pub(crate) fn options(&self, queues: &[Queue]) -> RabbitMqOptions {
        let url = format!("{}/{}", self.amqp, self.name);
        RabbitMqOptions {
            queue_kind: QueueKind::Classic,
            reconnect_pause_first: Duration::from_millis(20),
            reconnect_pause_max: Duration::from_millis(200),
            publish_timeout: Duration::from_secs(2),
            prefetch: 8,
            attempts_max: 4,
            retry_pauses: [50, 200].map(Duration::from_millis).to_vec(),
            ..RabbitMqOptions::new(url, "a test".to_owned(), queues.to_vec())
        }
    }

    /// Takes the vhost away, with everything in it.
    pub(crate) async fn remove(self) {
        self.manage(Method::DELETE, &format!("vhosts/{}", self.name), None).await;
    }
}

/// A process of the exchange, as far as the broker sees it.
pub(crate) struct Process {
    pub(crate) rabbit: RabbitMq,
    stop_consuming: CancellationToken,
    consuming: JoinHandle<()>,
    stop_publishing: CancellationToken,
    publishing: JoinHandle<()>,
}

impl Process {
    /// Begins to publish and to consume.
    pub(crate) fn start(options: RabbitMqOptions, subscriptions: Vec<bus::Subscription>) -> Self {
        let rabbit = RabbitMq::new(options, SystemClock::shared()).unwrap();
        let (stop_consuming, stop_publishing) = <(CancellationToken, CancellationToken)>::default();
        let publishing = tokio::spawn(rabbit.keep_connected(stop_publishing.clone()));
        let consuming = tokio::spawn(rabbit.consume(subscriptions, stop_consuming.clone()));
        Self { rabbit, stop_consuming, consuming, stop_publishing, publishing }
    }

    /// Ends in good order.
    pub(crate) async fn stop(self) {
        self.stop_consuming.cancel();
        self.consuming.await.unwrap();
        self.stop_publishing.cancel();
        self.publishing.await.unwrap();
    }

    /// Ends as a process that is killed does: nothing is finished, nothing is said.
    pub(crate) async fn kill(self) {
        self.consuming.abort();
        self.publishing.abort();
        let (_consuming, _publishing) = (self.consuming.await, self.publishing.await);
    }
}
