//! The bus within one process: a publish calls every subscriber and waits for all of them.
//!
//! It keeps nothing itself. The sender's outbox row is what survives a crash; after the restart
//! the event is delivered again to all, and those that have seen it skip it.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use events::Envelope;
use futures_util::future::join_all;

use telemetry::span::{Kind, Span};

use crate::delivery::{consume, park};
use crate::listener::Listening;
use crate::meter::{Ended, Meter};
use crate::retry::{Next, RetryPolicy};
use crate::{Bus, Failure, PublishError, Subscription};

/// Delivers to the contexts of this process.
pub struct InProcessBus {
    subscriptions: Vec<(Subscription, Meter)>,
    listening: Vec<Listening>,
    policy: RetryPolicy,
}

impl InProcessBus {
    /// A bus that serves `subscriptions`.
    #[must_use]
    pub fn new(subscriptions: Vec<Subscription>, policy: RetryPolicy) -> Self {
        let metered = subscriptions.into_iter().map(|subscription| {
            let meter = Meter::of(&subscription);
            (subscription, meter)
        });
        Self { subscriptions: metered.collect(), listening: Vec::new(), policy }
    }

    /// Lets `listening` hear, too.
    #[must_use]
    pub fn heard_by(mut self, listening: Option<Listening>) -> Self {
        self.listening.extend(listening);
        self
    }

    async fn deliver(
        &self,
        (subscription, meter): &(Subscription, Meter),
        envelope: &Arc<Envelope>,
    ) -> Result<(), PublishError> {
        let (kind, traceparent) = (envelope.kind.as_str(), envelope.traceparent.as_deref());
        let mut span = Span::of_event(Kind::Consumer, "consume", traceparent);
        span.rename(|| format!("{kind} to {}", subscription.service));
        let started = Instant::now();
        let ended = span.scope(self.try_to_deliver((subscription, meter), envelope)).await;
        let how = match &ended {
            Ok(ended) => *ended,
            Err(_not_taken) => Ended::GivenBack,
        };
        if !matches!(how, Ended::Handled) {
            span.fail();
        }
        meter.ended(kind, how, started.elapsed());
        ended.map(drop)
    }

    async fn try_to_deliver(
        &self,
        (subscription, meter): (&Subscription, &Meter),
        envelope: &Arc<Envelope>,
    ) -> Result<Ended, PublishError> {
        let mut attempts = 0;
        // bounded: by the retry policy's attempts_max
        loop {
            attempts += 1;
            let Err(failure) = consume(subscription, envelope).await else {
                return Ok(Ended::Handled);
            };
            match self.policy.decide(attempts, &failure) {
                Next::RetryAfter(pause) => {
                    meter.retried(&envelope.kind);
                    back_off(pause).await;
                }
                Next::GiveBack => return Err(not_taken(subscription, envelope, &failure)),
                Next::Park => {
                    let parked = park(subscription, envelope, &failure, attempts).await;
                    parked.map_err(|error| not_taken(subscription, envelope, &error))?;
                    return Ok(Ended::Parked);
                }
            }
        }
    }
}

fn not_taken(subscription: &Subscription, envelope: &Envelope, reason: &Failure) -> PublishError {
    let (service, reason) = (subscription.service.to_owned(), reason.to_string());
    PublishError { event_id: envelope.id, service, reason }
}

#[expect(clippy::disallowed_methods, reason = "the pause between two tries is the point")]
async fn back_off(pause: std::time::Duration) {
    tokio::time::sleep(pause).await;
}

#[async_trait]
impl Bus for InProcessBus {
    async fn publish(&self, envelope: Arc<Envelope>) -> Result<(), PublishError> {
        for listening in &self.listening {
            listening.tell(&envelope);
        }
        let wants = |(subscription, _): &&(Subscription, Meter)| {
            subscription.kinds.contains(&envelope.kind.as_str())
        };
        let wanted = self.subscriptions.iter().filter(wants);
        let delivered = join_all(wanted.map(|to| self.deliver(to, &envelope))).await;
        delivered.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use events::{Event, ExpirationComplete};
    use kernel::{EventId, OrderId, Timestamp};

    use super::*;
    use crate::{Consumer, Unreadable};

    /// Fails as often as it was told to, and remembers what it saw.
    #[derive(Default)]
    struct Scripted {
        failures: Mutex<Vec<Failure>>,
        consumed: Mutex<u32>,
        parked: Mutex<Vec<Failure>>,
    }

    #[async_trait]
    impl Consumer for Scripted {
        async fn consume(&self, _envelope: Arc<Envelope>) -> Result<(), Failure> {
            match self.failures.lock().unwrap().pop() {
                Some(failure) => Err(failure),
                None => {
                    *self.consumed.lock().unwrap() += 1;
                    Ok(())
                }
            }
        }

        async fn park(&self, _envelope: Arc<Envelope>, reason: &Failure) -> Result<(), Failure> {
            self.parked.lock().unwrap().push(reason.clone());
            Ok(())
        }

        async fn park_unreadable(
            &self,
            _message: Unreadable,
            _reason: &Failure,
        ) -> Result<(), Failure> {
            Err(Failure::Fail("within a process everything can be read".to_owned()))
        }
    }

    async fn publish(failures: Vec<Failure>) -> (Arc<Scripted>, Arc<Scripted>) {
        let (published, wanting, deaf) = try_to_publish(failures).await;
        published.unwrap();
        (wanting, deaf)
    }

    async fn try_to_publish(
        failures: Vec<Failure>,
    ) -> (Result<(), PublishError>, Arc<Scripted>, Arc<Scripted>) {
        let wanting = Arc::new(Scripted { failures: Mutex::new(failures), ..Scripted::default() });
        let deaf = Arc::new(Scripted::default());
        let subscribe = |service, kinds, consumer: &Arc<Scripted>| Subscription {
            service,
            kinds,
            consumer: Arc::clone(consumer) as Arc<dyn Consumer>,
        };
        let subscriptions = vec![
            subscribe("orders", &["expiration:complete"], &wanting),
            subscribe("tickets", &["order:created"], &deaf),
        ];
        let policy = RetryPolicy {
            attempts_max: 3,
            pause_first: Duration::from_millis(1),
            pause_max: Duration::from_millis(1),
        };
        let event = Event::from(ExpirationComplete { id: OrderId::generate() });
        let envelope = event.seal(EventId::generate(), Timestamp::from_micros(0), None).unwrap();
        let bus = InProcessBus::new(subscriptions, policy);
        (bus.publish(Arc::new(envelope)).await, wanting, deaf)
    }

    #[tokio::test]
    async fn an_event_reaches_those_who_want_it() {
        let (wanting, deaf) = publish(Vec::new()).await;
        assert_eq!(*wanting.consumed.lock().unwrap(), 1);
        assert_eq!(*deaf.consumed.lock().unwrap(), 0);
    }

    #[tokio::test]
    async fn what_may_work_later_is_tried_again() {
        let retry = || Failure::Retry("busy".into());
        let (wanting, _) = publish(vec![retry(), retry()]).await;
        assert_eq!(*wanting.consumed.lock().unwrap(), 1);
        assert!(wanting.parked.lock().unwrap().is_empty());
    }

    /// However long a database is away: nothing is parked that a later try would have handled.
    #[tokio::test]
    async fn what_does_not_work_yet_goes_back_to_its_sender() {
        let retry = || Failure::Retry("busy".into());
        let (published, wanting, _) = try_to_publish(vec![retry(), retry(), retry()]).await;
        assert_eq!(published.unwrap_err().service, "orders");
        assert!(wanting.parked.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_poison_event_is_parked_with_its_reason() {
        let poison = Failure::Fail("unreadable".into());
        let (wanting, _) = publish(vec![poison.clone()]).await;
        assert_eq!(*wanting.parked.lock().unwrap(), [poison]);
        assert_eq!(*wanting.consumed.lock().unwrap(), 0);
    }
}
