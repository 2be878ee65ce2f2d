//! Listens with a queue of its own, which is gone with its connection: what happens in between is
//! missed, and the listener is told so. It is told so as well when the queue was full and the
//! broker dropped something: that goes to a second queue.

use std::sync::Arc;

use async_trait::async_trait;
use events::Envelope;
use futures_util::StreamExt;
use lapin::Consumer;
use lapin::options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use tokio_util::sync::CancellationToken;

use super::link::{Epoch, Link, Work};
use super::message::text;
use super::topology::{EXCHANGE, routing_key};
use crate::listener::Listening;

/// How many events may wait for a process that doesn't keep up; then the oldest are dropped, and it
/// is told so by one of them.
const WAITING_MAX: i64 = 10_000;

/// How many of the dropped ones may wait: one is enough to know.
const DROPPED_MAX: i64 = 1;

/// A listener at work.
pub(super) struct Hearing<'a> {
    pub(super) listening: &'a Listening,
    pub(super) link: &'a Link,
    pub(super) stop: &'a CancellationToken,
}

impl Hearing<'_> {
    /// What happens, and what of it was dropped before it came here.
    async fn subscribe(&self, epoch: &Epoch) -> lapin::Result<(Consumer, Consumer)> {
        let dropped = own_queue(epoch, DROPPED_MAX, None).await?;
        let queue = own_queue(epoch, WAITING_MAX, Some(&dropped)).await?;
        for kind in self.listening.kinds {
            let (options, nothing) = (QueueBindOptions::default(), FieldTable::default());
            let (queue, key) = (queue.clone(), routing_key(kind));
            epoch.channel.queue_bind(queue, EXCHANGE.into(), key, options, nothing).await?;
        }
        Ok((consume(epoch, queue).await?, consume(epoch, dropped).await?))
    }

    async fn hear(&self, epoch: &Epoch) -> lapin::Result<()> {
        let (mut messages, mut dropped) = tokio::select! {
            both = self.subscribe(epoch) => both?,
            () = self.stop.cancelled() => return Ok(()),
        };
        // from now on nothing is missed
        self.listening.listener.missed();
        // bounded: by `stop` and the connection
        loop {
            let delivery = tokio::select! {
                delivery = messages.next() => delivery,
                // as good as a lost connection: it begins anew, and is told so then
                _ = dropped.next() => return Ok(()),
                () = self.stop.cancelled() => return Ok(()),
            };
            // without one the queue is gone: it is declared anew with the next connection
            let Some(delivery) = delivery else {
                return Ok(());
            };
            // what can't be read is looked after by those who have to handle it
            if let Ok(envelope) = serde_json::from_slice::<Envelope>(&delivery?.data) {
                self.listening.tell(&Arc::new(envelope));
            }
        }
    }
}

/// Declares a queue of `max` messages that is gone with the connection; what it drops goes to the
/// queue `dropped`.
async fn own_queue(
    epoch: &Epoch,
    max: i64,
    dropped: Option<&ShortString>,
) -> lapin::Result<ShortString> {
    let own = QueueDeclareOptions {
        exclusive: true,
        auto_delete: true,
        ..QueueDeclareOptions::default()
    };
    let mut bounds = FieldTable::default();
    bounds.insert("x-max-length".into(), AMQPValue::LongLongInt(max));
    bounds.insert("x-overflow".into(), text("drop-head"));
    if let Some(dropped) = dropped {
        // by the default exchange, whose routing keys are the names of queues
        bounds.insert("x-dead-letter-exchange".into(), text(""));
        bounds.insert("x-dead-letter-routing-key".into(), text(dropped.as_str()));
    }
    let queue = epoch.channel.queue_declare("".into(), own, bounds).await?;
    Ok(queue.name().clone())
}

async fn consume(epoch: &Epoch, queue: ShortString) -> lapin::Result<Consumer> {
    let at_once = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
    epoch.channel.basic_consume(queue, "".into(), at_once, FieldTable::default()).await
}

#[async_trait]
impl Work for Hearing<'_> {
    async fn on(&mut self, epoch: &Arc<Epoch>) -> lapin::Result<()> {
        tokio::select! {
            ended = self.hear(epoch) => ended,
            ended = self.link.watch(epoch) => ended,
        }
    }
}
