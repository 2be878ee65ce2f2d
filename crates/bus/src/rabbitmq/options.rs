//! What can be chosen.

use std::time::Duration;

use crate::Subscription;

/// How a broker is used.
#[derive(Clone)]
pub struct RabbitMqOptions {
    /// Where it is: `amqp://user:password@host:port/vhost`, the vhost percent-encoded.
    pub url: String,
    /// What the broker's pages call this process, such as `ticketing orders`.
    pub name: String,
    /// The queues of all services, also of those that run elsewhere: whoever comes first declares
    /// them, so that no event is published before everybody who wants it has a queue.
    pub queues: Vec<Queue>,
    /// How the broker keeps the queues. All processes must agree: a queue can't change its kind.
    pub queue_kind: QueueKind,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How often both ends say that they live; twice as long in silence ends a connection.
    pub heartbeat: Duration,
    /// The pause before a broken connection is made anew; each failure doubles it.
    pub reconnect_pause_first: Duration,
    /// The longest such pause.
    pub reconnect_pause_max: Duration,
    /// How long a publish may take, its confirm included.
    pub publish_timeout: Duration,
    /// Publishes on their way at once; others wait, within their time-out.
    pub in_flight_max: usize,
    /// Events of one subscription handled at once, and as many again that wait for it here.
    pub prefetch: u16,
    /// How long a subscription may take for one event, before that is a failure.
    pub handling_timeout: Duration,
    /// Deliveries of an event before it is parked.
    pub attempts_max: u32,
    /// The pauses after the first failure, the second and so on; after more failures, the last one.
    /// A queue for each.
    pub retry_pauses: Vec<Duration>,
}

impl RabbitMqOptions {
    /// The broker at `url`, used by the process called `name`, with the queues of all services.
    #[must_use]
    pub fn new(url: String, name: String, queues: Vec<Queue>) -> Self {
        Self {
            url,
            name,
            queues,
            queue_kind: QueueKind::Quorum,
            connect_timeout: Duration::from_secs(5),
            heartbeat: Duration::from_secs(10),
            reconnect_pause_first: Duration::from_millis(100),
            reconnect_pause_max: Duration::from_secs(2),
            publish_timeout: Duration::from_secs(5),
            in_flight_max: 1024,
            prefetch: 64,
            handling_timeout: Duration::from_secs(30),
            attempts_max: 20,
            retry_pauses: [100, 1_000, 5_000, 30_000].map(Duration::from_millis).to_vec(),
        }
    }
}

/// How the broker keeps a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueKind {
    /// Replicated between the brokers of a cluster, always durable: the kind for production.
    Quorum,
    /// On one broker. Debian's 3.10 may lose a quorum queue's leader when it is killed.
    Classic,
}

/// A service's queue: what it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// The service, such as `orders`.
    pub service: &'static str,
    /// The types of events it wants.
    pub kinds: &'static [&'static str],
}

impl From<&Subscription> for Queue {
    fn from(Subscription { service, kinds, .. }: &Subscription) -> Self {
        Self { service, kinds }
    }
}
