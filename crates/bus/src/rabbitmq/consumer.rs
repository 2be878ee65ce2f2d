//! Receives the messages of one subscription: those for now at once, those for later when it is
//! time. Nothing is kept here that the broker doesn't keep as well, and give to somebody else when
//! this process is gone.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::{self, SelectAll, StreamExt};
use kernel::Clock;
use lapin::message::Delivery;
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::link::{Epoch, Link, Work};
use super::message;
use super::options::RabbitMqOptions;
use super::publisher::Publisher;
use super::settle::Settler;
use super::topology::{queue, retry_queue};
use crate::Subscription;

/// One subscription at work.
pub(super) struct Consumption {
    link: Link,
    settler: Arc<Settler>,
    clock: Arc<dyn Clock>,
    /// How many messages may be handled at once, of all queues and connections.
    turns: Arc<Semaphore>,
}

impl Consumption {
    pub(super) fn new(
        subscription: Subscription,
        link: Link,
        publisher: Arc<Publisher>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let turns = Arc::new(Semaphore::new(usize::from(link.options.prefetch)));
        let settler = Settler::new(subscription, publisher, Arc::clone(&clock), &link.options);
        Self { settler: Arc::new(settler), link, clock, turns }
    }

    /// Works until `stop`, and then finishes what it has begun.
    pub(super) async fn run(self, stop: &CancellationToken) {
        let mut receiving = Receiving { from: &self, handling: JoinSet::new(), stop };
        self.link.keep(stop, &mut receiving).await;
        receiving.finish().await;
    }

    /// Takes what comes, until `stop` or until the connection is over.
    async fn receive(
        &self,
        epoch: &Arc<Epoch>,
        handling: &mut JoinSet<()>,
        stop: &CancellationToken,
    ) -> lapin::Result<()> {
        let mut messages = tokio::select! {
            messages = self.subscribe(epoch) => messages?,
            () = stop.cancelled() => return Ok(()),
        };
        // bounded: by `stop` and the connection
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                Some(_ended) = handling.join_next() => {}
                message = messages.next() => match message.flatten() {
                    Some(delivery) => {
                        let tenure = Tenure { epoch: Arc::clone(epoch), stop: stop.clone() };
                        handling.spawn(self.handle(delivery?, tenure));
                    }
                    // the queue is gone: it is declared anew with the next connection
                    None => return Ok(()),
                },
            }
        }
    }

    /// The messages of all queues; nothing, when one of them has ended. The broker gives no more
    /// than the limit of each before they are acknowledged.
    async fn subscribe(
        &self,
        epoch: &Epoch,
    ) -> lapin::Result<impl stream::Stream<Item = Option<lapin::Result<Delivery>>> + Unpin + use<>>
    {
        let RabbitMqOptions { prefetch, retry_pauses, .. } = &*self.link.options;
        let service = self.settler.service();
        // as many again wait for their turn
        let given_at_once = prefetch.saturating_mul(2);
        epoch.channel.basic_qos(given_at_once, BasicQosOptions::default()).await?;
        let retries = (0..retry_pauses.len()).map(|level| retry_queue(service, level));
        let mut all = SelectAll::new();
        for name in std::iter::once(queue(service)).chain(retries) {
            let (options, nothing) = (BasicConsumeOptions::default(), FieldTable::default());
            let (name, tag) = (name.into(), String::new().into());
            let consumer = epoch.channel.basic_consume(name, tag, options, nothing).await?;
            all.push(consumer.map(Some).chain(stream::iter([None])).boxed());
        }
        Ok(all)
    }

    /// Waits until it is time and there is a turn, and handles the message. What waits when the
    /// process or the connection ends, the broker gives to somebody else.
    fn handle(
        &self,
        delivery: Delivery,
        tenure: Tenure,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (settler, turns) = (Arc::clone(&self.settler), Arc::clone(&self.turns));
        let early = message::due(&delivery).map(|due| due.until(self.clock.now()));
        // whatever another machine's clock says, never longer than the longest pause
        let longest = self.link.options.retry_pauses.iter().max();
        let early = early.min(longest.copied()).unwrap_or_default();
        async move {
            let waits = async {
                wait_until_due(early).await;
                turns.acquire_owned().await
            };
            let turn = tokio::select! {
                turn = waits => turn,
                () = tenure.over() => return,
            };
            let Ok(_turn) = turn else {
                return;
            };
            if delivery.usable() {
                settler.settle(&delivery, &tenure).await;
            }
        }
    }
}

/// How long a message is this process's: as long as its connection lives, and nothing new begins
/// once the process is to stop.
pub(super) struct Tenure {
    epoch: Arc<Epoch>,
    stop: CancellationToken,
}

impl Tenure {
    /// Its connection is gone, or nobody trusts it any more.
    pub(super) async fn lost(&self) {
        self.epoch.doubted().await;
    }

    /// Nobody should trust its connection any more.
    pub(super) fn doubt(&self) {
        self.epoch.doubt();
    }

    /// Nothing more should begin.
    pub(super) async fn over(&self) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = self.lost() => {}
        }
    }
}

/// A subscription that receives, with what it has begun.
struct Receiving<'a> {
    from: &'a Consumption,
    handling: JoinSet<()>,
    stop: &'a CancellationToken,
}

impl Receiving<'_> {
    async fn finish(&mut self) {
        while self.handling.join_next().await.is_some() {}
    }
}

#[async_trait]
impl Work for Receiving<'_> {
    async fn on(&mut self, epoch: &Arc<Epoch>) -> lapin::Result<()> {
        let from = self.from;
        tokio::select! {
            ended = from.receive(epoch, &mut self.handling, self.stop) => ended?,
            ended = from.link.watch(epoch) => return ended,
        }
        if !self.stop.is_cancelled() {
            return Ok(());
        }
        // acknowledged before the connection is closed, unless it breaks first
        tokio::select! {
            () = self.finish() => Ok(()),
            ended = from.link.watch(epoch) => ended,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "that it isn't handled before its time is the point")]
async fn wait_until_due(early: std::time::Duration) {
    tokio::time::sleep(early).await;
}
