//! The bus between processes: RabbitMQ, by AMQP 0.9.1.
//!
//! A durable topic exchange takes every event; each service has one durable queue, whatever number
//! of its processes consume it, and some for what is to be tried again later. A publish returns
//! when the broker has confirmed that the event is safe in the queues. A consumer acknowledges when
//! its context has committed. Both ends have a connection of their own, because a broker that is
//! short of memory stops reading from those who publish, and acknowledgements must go on.
//!
//! Connections break: `link` makes a new one each time, with everything declared anew, rather than
//! repair the old one. lapin's own recovery, which repairs, left confirms unanswered when the
//! broker was killed.
//!
//! Reading order: `options`, `topology` (what is declared), `message` (an event as an AMQP
//! message), `link` (a connection, and what becomes of it), `publisher`, `delays` (what follows a
//! failure, as a pure decision), `consumer` (receives and keeps what waits), `settle` (handles one
//! message to its end), `hearing` (only
//! listens).

mod consumer;
mod delays;
mod hearing;
mod link;
mod message;
mod options;
mod publisher;
mod settle;
mod topology;

use std::sync::Arc;

use futures_util::future::join_all;
use kernel::Clock;
use tokio_util::sync::CancellationToken;

use crate::{Bus, Listening, Subscription};
use consumer::Consumption;
use hearing::Hearing;
use link::Links;
pub use link::{Condition, InvalidUrl};
pub use options::{Queue, QueueKind, RabbitMqOptions};
use publisher::Publisher;

/// A broker, as one process uses it. Cheap to clone.
#[derive(Clone)]
pub struct RabbitMq {
    publisher: Arc<Publisher>,
    links: Arc<Links>,
    clock: Arc<dyn Clock>,
}

impl RabbitMq {
    /// The broker that `options` name. Nothing is connected before [`Self::keep_connected`] and
    /// [`Self::consume`] run.
    ///
    /// # Errors
    /// When the address isn't one.
    pub fn new(options: RabbitMqOptions, clock: Arc<dyn Clock>) -> Result<Self, InvalidUrl> {
        let links = Arc::new(Links::new(options)?);
        Ok(Self { publisher: Arc::new(Publisher::new(&links)), links, clock })
    }

    /// What publishes to it, as long as [`Self::keep_connected`] runs.
    #[must_use]
    pub fn publisher(&self) -> Arc<dyn Bus> {
        Arc::clone(&self.publisher) as Arc<dyn Bus>
    }

    /// Keeps a connection for publishing until `stop`: work for the background. It must outlast
    /// those who publish: the relays, and [`Self::consume`].
    pub fn keep_connected(
        &self,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        let publisher = Arc::clone(&self.publisher);
        async move { publisher.keep_connected(&stop).await }
    }

    /// Lets `subscriptions` have their events until `stop`, and finishes what they have begun: work
    /// for the background.
    pub fn consume(
        &self,
        subscriptions: Vec<Subscription>,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        let consumptions: Vec<_> = subscriptions
            .into_iter()
            .map(|subscription| {
                let link = self.links.link(subscription.service);
                let publisher = Arc::clone(&self.publisher);
                Consumption::new(subscription, link, publisher, Arc::clone(&self.clock))
            })
            .collect();
        async move {
            join_all(consumptions.into_iter().map(|consumption| consumption.run(&stop))).await;
        }
    }

    /// Lets `listening` hear what is published until `stop`: work for the background.
    pub fn listen(
        &self,
        listening: Listening,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        let link = self.links.link("listener");
        async move {
            let mut hearing = Hearing { listening: &listening, link: &link, stop: &stop };
            link.keep(&stop, &mut hearing).await;
        }
    }

    /// How its connections are, for those who ask after this process's health.
    #[must_use]
    pub fn condition(&self) -> Condition {
        self.links.condition()
    }
}
