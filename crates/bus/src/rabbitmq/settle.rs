//! Brings one message to its end: handled, put off, or parked; and only then acknowledged. A crash
//! before that delivers it once more, to a context that has seen it then.

use std::sync::Arc;
use std::time::Duration;

use events::Envelope;
use kernel::{Clock, EventId};
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicNackOptions};
use lapin::types::ShortString;
use telemetry::Repeated;
use telemetry::span::{Kind, Span};
use tokio::time::{Instant, timeout};

use super::consumer::Tenure;
use super::delays::{Delays, Next};
use super::message::{self, Message};
use super::options::RabbitMqOptions;
use super::publisher::Publisher;
use super::topology::{STRAIGHT_TO_A_QUEUE, retry_queue};
use crate::delivery::{consume, park};
use crate::meter::{Ended, Meter};
use crate::{Failure, Subscription};

/// How often the log says that events can't be handled yet, while that is so.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// How long it may take until an answer to the broker is written: less than a process has to stop.
const ANSWER_PATIENCE: Duration = Duration::from_secs(2);

/// Answers to the broker that were late.
static LATE: Repeated = Repeated::every(SAY_EVERY);

/// How long a message rests that could not even be put off.
const REST: Duration = Duration::from_secs(1);

/// Handles the messages of one subscription.
pub(super) struct Settler {
    subscription: Subscription,
    publisher: Arc<Publisher>,
    clock: Arc<dyn Clock>,
    meter: Meter,
    delays: Delays,
    handling_timeout: Duration,
    not_yet: Repeated,
}

/// What became of a delivery.
enum Outcome {
    Handled,
    Parked,
    /// To be delivered again, after so many attempts.
    PutOff {
        attempts: u32,
        next: Next,
    },
}

impl Settler {
    pub(super) fn new(
        subscription: Subscription,
        publisher: Arc<Publisher>,
        clock: Arc<dyn Clock>,
        options: &RabbitMqOptions,
    ) -> Self {
        let (attempts_max, pauses) = (options.attempts_max, options.retry_pauses.clone());
        Self {
            meter: Meter::of(&subscription),
            subscription,
            publisher,
            clock,
            delays: Delays { attempts_max, pauses },
            handling_timeout: options.handling_timeout,
            not_yet: Repeated::every(SAY_EVERY),
        }
    }

    pub(super) fn service(&self) -> &'static str {
        self.subscription.service
    }

    /// Handles `delivery` to its end. When its `tenure` is over, somebody else gets what can't be
    /// put off.
    pub(super) async fn settle(&self, delivery: &Delivery, tenure: &Tenure) {
        let began = Instant::now();
        let (kind, outcome) = match serde_json::from_slice::<Envelope>(&delivery.data) {
            Ok(envelope) => {
                let envelope = Arc::new(envelope);
                (envelope.kind.clone(), self.handle(delivery, &envelope).await)
            }
            Err(error) => {
                let failure = Failure::Fail(format!("this is no event: {error}"));
                (String::new(), self.park_unreadable(delivery, &failure).await)
            }
        };
        let ended = match outcome {
            Outcome::Handled => Some(Ended::Handled),
            Outcome::Parked => Some(Ended::Parked),
            Outcome::PutOff { attempts, next } => {
                self.meter.retried(&kind);
                self.put_off(delivery, attempts, next, tenure).await
            }
        };
        answer(delivery, matches!(ended, Some(Ended::GivenBack)), tenure).await;
        if let Some(ended) = ended {
            self.meter.ended(&kind, ended, began.elapsed());
        }
    }

    async fn handle(&self, delivery: &Delivery, envelope: &Arc<Envelope>) -> Outcome {
        let before = message::attempts_before(delivery);
        let given_back = message::given_back(delivery);
        if let Some(next) = self.delays.before(before, given_back) {
            let failure = Failure::Fail(format!("came back {given_back} times without an answer"));
            return self.after(envelope, before, failure, next).await;
        }
        match self.consume(envelope).await {
            Ok(()) => Outcome::Handled,
            Err(failure) => {
                let attempts = self.delays.counted(before, &failure);
                let next = self.delays.after(attempts, &failure);
                self.after(envelope, attempts, failure, next).await
            }
        }
    }

    /// One delivery, with its place in the trace that the event carries.
    async fn consume(&self, envelope: &Arc<Envelope>) -> Result<(), Failure> {
        let (kind, service) = (envelope.kind.as_str(), self.service());
        if !self.subscription.kinds.contains(&kind) {
            // a process of a newer release, which has bound it, may get it next
            return Err(Failure::Retry(format!("{service} doesn't know {kind}")));
        }
        let mut span = Span::of_event(Kind::Consumer, "consume", envelope.traceparent.as_deref());
        span.rename(|| format!("{kind} to {service}"));
        let consuming = timeout(self.handling_timeout, consume(&self.subscription, envelope));
        let consumed = span.scope(consuming).await;
        let consumed = consumed.unwrap_or_else(|_| Err(Failure::Retry("took too long".to_owned())));
        if consumed.is_err() {
            span.fail();
        }
        consumed
    }

    async fn after(
        &self,
        envelope: &Arc<Envelope>,
        attempts: u32,
        failure: Failure,
        next: Next,
    ) -> Outcome {
        let (next, why) = match next {
            Next::Delay { .. } => (next, failure),
            Next::Park => match park(&self.subscription, envelope, &failure, attempts).await {
                Ok(()) => return Outcome::Parked,
                // the broker keeps it until its database is back
                Err(not_parked) => (self.delays.delay(attempts), not_parked),
            },
        };
        self.say_not_yet(envelope.id, &envelope.kind, &why);
        Outcome::PutOff { attempts, next }
    }

    async fn park_unreadable(&self, delivery: &Delivery, failure: &Failure) -> Outcome {
        let unreadable = message::unreadable(&delivery.data);
        let id = unreadable.id;
        match self.subscription.consumer.park_unreadable(unreadable, failure).await {
            Ok(()) => {
                tracing::error!(
                    event.id = %id, service = self.service(), reason = %failure,
                    "Parked an event as a dead letter"
                );
                Outcome::Parked
            }
            Err(not_parked) => {
                self.say_not_yet(id, "no event", &not_parked);
                let attempts = message::attempts_before(delivery).saturating_add(1);
                Outcome::PutOff { attempts, next: self.delays.delay(attempts) }
            }
        }
    }

    fn say_not_yet(&self, id: EventId, kind: &str, reason: &Failure) {
        if let Some(kept_back) = self.not_yet.say() {
            tracing::warn!(
                event.id = %id, event.kind = kind, service = self.service(), %reason, kept_back,
                "An event could not be handled yet"
            );
        }
    }

    /// Puts the message into a queue for later, safely, before it leaves the one it is in.
    /// The broker may be short of room for it; until it has some, the message stays where it is.
    /// Given back it would come at once, and be counted each time.
    async fn put_off(
        &self,
        delivery: &Delivery,
        attempts: u32,
        next: Next,
        tenure: &Tenure,
    ) -> Option<Ended> {
        let Next::Delay { level, pause } = next else {
            return Some(Ended::GivenBack);
        };
        let again = Message::again(delivery, attempts, self.clock.now().plus(pause));
        let queue: ShortString = retry_queue(self.service(), level).into();
        // bounded: by `tenure`
        while self.publisher.send(STRAIGHT_TO_A_QUEUE, queue.clone(), &again).await.is_err() {
            tokio::select! {
                () = rest() => {}
                () = tenure.over() => return Some(Ended::GivenBack),
            }
        }
        None
    }
}

/// Tells the broker what became of a message.
async fn answer(delivery: &Delivery, give_back: bool, tenure: &Tenure) {
    let written = async {
        match give_back {
            true => delivery.nack(BasicNackOptions { requeue: true, ..Default::default() }).await,
            false => delivery.ack(BasicAckOptions::default()).await,
        }
    };
    match in_time(written, tenure.lost()).await {
        Written::Done(Ok(_)) | Written::Lost => {}
        Written::Done(Err(error)) => {
            tracing::debug!(%error, "The connection is gone; the message comes again");
        }
        Written::Late => {
            if let Some(kept_back) = LATE.say() {
                tracing::warn!(kept_back, "The broker takes no answers; connects anew");
            }
            tenure.doubt();
        }
    }
}

/// What became of an answer on its way to the broker.
#[derive(Debug, PartialEq, Eq)]
enum Written<T> {
    Done(T),
    /// Its connection was lost meanwhile: the message comes again.
    Lost,
    Late,
}

/// Waits until an answer is written, no longer than its connection lives: nobody answers for one
/// that ended while this was on its way.
async fn in_time<T>(
    written: impl Future<Output = T>,
    lost: impl Future<Output = ()>,
) -> Written<T> {
    tokio::select! {
        written = timeout(ANSWER_PATIENCE, written) => {
            written.map_or(Written::Late, Written::Done)
        }
        () = lost => Written::Lost,
    }
}

#[expect(clippy::disallowed_methods, reason = "the pause between two tries is the point")]
async fn rest() {
    tokio::time::sleep(REST).await;
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_an_answer_that_is_never_written() {
        assert_eq!(in_time(ready(7), pending()).await, Written::Done(7));
        assert_eq!(in_time(pending::<()>(), ready(())).await, Written::Lost);
        assert_eq!(in_time(pending::<()>(), pending()).await, Written::Late);
    }
}
