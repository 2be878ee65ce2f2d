//! What hands the context's events over.

use std::sync::Arc;

use async_trait::async_trait;
use bus::{Bus, PublishError};
use events::Envelope;
use kernel::SystemClock;
use outbox::{Relay, RelayOptions};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::World;

/// A relay at work.
#[must_use = "it works until its end"]
pub(crate) struct Relaying {
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl Relaying {
    /// Hands over what `world` tells, to nobody.
    pub(crate) fn of(world: &World) -> Self {
        let (stop, journal) = (CancellationToken::new(), world.tickets.journal.clone());
        let (clock, options) = (SystemClock::shared(), RelayOptions::default());
        let relay = Relay::new(journal, Arc::new(Silence), clock, options);
        Self { task: tokio::spawn(relay.run(stop.clone())), stop }
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// Nobody hears of anything.
struct Silence;

#[async_trait]
impl Bus for Silence {
    async fn publish(&self, _envelope: Arc<Envelope>) -> Result<(), PublishError> {
        Ok(())
    }
}
