//! Listens with a queue of its own, which is gone with its connection: what happens in between is
//! missed, and the listener is told so.

use std::sync::Arc;

use async_trait::async_trait;
use events::Envelope;
use futures_util::StreamExt;
use lapin::Consumer;
use lapin::options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use tokio_util::sync::CancellationToken;

use super::link::{Epoch, Link, Work};
use super::message::text;
use super::topology::{EXCHANGE, routing_key};
use crate::listener::Listening;

/// How many events may wait for a process that doesn't keep up; then the oldest are dropped.
const WAITING_MAX: i64 = 10_000;

/// A listener at work.
pub(super) struct Hearing<'a> {
    pub(super) listening: &'a Listening,
    pub(super) link: &'a Link,
    pub(super) stop: &'a CancellationToken,
}

impl Hearing<'_> {
    async fn subscribe(&self, epoch: &Epoch) -> lapin::Result<Consumer> {
        let own = QueueDeclareOptions {
            exclusive: true,
            auto_delete: true,
            ..QueueDeclareOptions::default()
        };
        let mut bounds = FieldTable::default();
        bounds.insert("x-max-length".into(), AMQPValue::LongLongInt(WAITING_MAX));
        bounds.insert("x-overflow".into(), text("drop-head"));
        let queue = epoch.channel.queue_declare("".into(), own, bounds).await?;
        for kind in self.listening.kinds {
            let (options, nothing) = (QueueBindOptions::default(), FieldTable::default());
            let (queue, key) = (queue.name().clone(), routing_key(kind));
            epoch.channel.queue_bind(queue, EXCHANGE.into(), key, options, nothing).await?;
        }
        let at_once = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
        let nothing = FieldTable::default();
        epoch.channel.basic_consume(queue.name().clone(), "".into(), at_once, nothing).await
    }

    async fn hear(&self, epoch: &Epoch) -> lapin::Result<()> {
        let mut messages = self.subscribe(epoch).await?;
        // from now on nothing is missed
        self.listening.listener.missed();
        // bounded: by `stop` and the connection
        loop {
            let delivery = tokio::select! {
                delivery = messages.next() => delivery,
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

#[async_trait]
impl Work for Hearing<'_> {
    async fn on(&mut self, epoch: &Arc<Epoch>) -> lapin::Result<()> {
        tokio::select! {
            ended = self.hear(epoch) => ended,
            ended = self.link.watch(epoch) => ended,
        }
    }
}
