//! Publishes: many events at once on one channel, each until the broker's confirm, none longer
//! than its time-out.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use events::Envelope;
use lapin::Confirmation;
use lapin::message::BasicReturnMessage;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use telemetry::metrics::Histogram;
use telemetry::metrics::catalog::BROKER_PUBLISH_DURATION;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::link::{Epoch, Link, Links, Work};
use super::message::Message;
use super::topology::{EXCHANGE, routing_key};
use crate::{Bus, PublishError};

/// Whom a publish that failed was for.
const BROKER: &str = "the broker";

/// How many returned messages are remembered; with more, everything on the way fails.
const RETURNED_MAX: usize = 4096;

/// The publishing end.
pub(super) struct Publisher {
    link: Link,
    epoch: watch::Sender<Option<Arc<Epoch>>>,
    in_flight: Semaphore,
    returned: Mutex<HashSet<ShortString>>,
    duration: Histogram,
}

impl Publisher {
    pub(super) fn new(links: &Links) -> Self {
        let link = links.link("publisher");
        Self {
            epoch: watch::Sender::new(None),
            in_flight: Semaphore::new(link.options.in_flight_max),
            returned: Mutex::default(),
            duration: BROKER_PUBLISH_DURATION.histogram::<&'static str>(&[]),
            link,
        }
    }

    pub(super) async fn keep_connected(&self, stop: &CancellationToken) {
        self.link.keep(stop, &mut Publishing { publisher: self, stop }).await;
    }

    /// Hands `message` over, and returns when it is safe in the queues it belongs to.
    pub(super) async fn send(
        &self,
        exchange: &str,
        routing_key: ShortString,
        message: &Message,
    ) -> Result<(), String> {
        let began = Instant::now();
        let deadline = began + self.link.options.publish_timeout;
        let away = |_late| "it is away".to_owned();
        let sent = match timeout_at(deadline, self.ready()).await.map_err(away)? {
            Err(closed) => return Err(closed),
            Ok((_permit, epoch)) => {
                let publishing = self.publish_on(&epoch, exchange, routing_key, message);
                let published = timeout_at(deadline, publishing).await;
                published.unwrap_or_else(|_late| {
                    epoch.doubt();
                    Err("it confirmed nothing in time".to_owned())
                })
            }
        };
        self.duration.record(began.elapsed().as_secs_f64());
        sent
    }

    /// Waits for its turn, and for a connection.
    async fn ready(&self) -> Result<(tokio::sync::SemaphorePermit<'_>, Arc<Epoch>), String> {
        let closed = || "it isn't used any more".to_owned();
        let permit = self.in_flight.acquire().await.map_err(|_| closed())?;
        let mut epochs = self.epoch.subscribe();
        let epoch = epochs.wait_for(Option::is_some).await.map_err(|_| closed())?;
        epoch.clone().map(|epoch| (permit, epoch)).ok_or_else(closed)
    }

    async fn publish_on(
        &self,
        epoch: &Epoch,
        exchange: &str,
        routing_key: ShortString,
        Message { body, properties }: &Message,
    ) -> Result<(), String> {
        // what is written now would wait in our own memory
        if epoch.is_blocked() {
            return Err("it is short of memory or disk, and takes nothing for now".to_owned());
        }
        let mandatory = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let (channel, key) = (&epoch.channel, routing_key.clone());
        let written =
            channel.basic_publish(exchange.into(), key, mandatory, body, properties.clone()).await;
        let confirmed = match written {
            Ok(confirm) => confirm.await,
            Err(error) => Err(error),
        };
        match confirmed {
            Ok(Confirmation::Nack(_)) => Err("it could not keep the event".to_owned()),
            Ok(Confirmation::NotRequested) => Err("it confirms nothing".to_owned()),
            Ok(Confirmation::Ack(returned)) => {
                self.learn(epoch, returned);
                // let those hear of it who got another's returned message
                tokio::task::yield_now().await;
                match self.was_returned(properties.message_id().as_ref()) {
                    false => Ok(()),
                    true => Err(format!("no queue takes {routing_key}")),
                }
            }
            Err(error) => {
                epoch.doubt();
                Err(error.to_string())
            }
        }
    }

    /// A message that no queue wanted comes back with an acknowledgement, but with whichever comes
    /// next. With a new connection everything is declared anew.
    fn learn(&self, epoch: &Epoch, returned: Option<BasicReturnMessage>) {
        let Some(returned) = returned else {
            return;
        };
        epoch.doubt();
        let id = returned.delivery.properties.message_id().clone().unwrap_or_default();
        let mut known = self.returned();
        if known.len() < RETURNED_MAX {
            known.insert(id);
        }
    }

    fn was_returned(&self, id: Option<&ShortString>) -> bool {
        let mut known = self.returned();
        known.len() >= RETURNED_MAX || id.is_some_and(|id| known.remove(id))
    }

    fn returned(&self) -> MutexGuard<'_, HashSet<ShortString>> {
        self.returned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets a publisher use one connection after the other.
struct Publishing<'a> {
    publisher: &'a Publisher,
    stop: &'a CancellationToken,
}

impl Publishing<'_> {
    /// Lets all publish on this connection, until `stop`.
    async fn serve(&self, epoch: &Arc<Epoch>) -> lapin::Result<()> {
        let confirms = epoch.channel.confirm_select(ConfirmSelectOptions::default());
        tokio::select! {
            confirmed = confirms => confirmed?,
            () = self.stop.cancelled() => return Ok(()),
        }
        self.publisher.returned().clear();
        self.publisher.epoch.send_replace(Some(Arc::clone(epoch)));
        self.stop.cancelled().await;
        Ok(())
    }
}

#[async_trait]
impl Work for Publishing<'_> {
    async fn on(&mut self, epoch: &Arc<Epoch>) -> lapin::Result<()> {
        let ended = tokio::select! {
            ended = self.serve(epoch) => ended,
            ended = self.publisher.link.watch(epoch) => ended,
        };
        self.publisher.epoch.send_replace(None);
        ended
    }
}

#[async_trait]
impl Bus for Publisher {
    async fn publish(&self, envelope: Arc<Envelope>) -> Result<(), PublishError> {
        let error =
            |reason| PublishError { event_id: envelope.id, service: BROKER.to_owned(), reason };
        let message = Message::seal(&envelope).map_err(|fault| error(fault.to_string()))?;
        let sent = self.send(EXCHANGE, routing_key(&envelope.kind), &message).await;
        sent.map_err(error)
    }
}
