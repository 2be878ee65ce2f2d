//! Orders that wait for the events before them.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bus::{Bus, PublishError};
use events::{Envelope, ExpirationComplete, Ticket, TicketCreated, TicketUpdated};
use futures_util::FutureExt;
use kernel::{Clock, MajorUnits, OrderId, UserId, Version};
use outbox::{Changeset, Committed, Journal, Relay, RelayOptions, Remember};
use store::StoreError;
use testkit::{Everybody, sealed};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::support::{World, ticket};

/// More events than may be on their way.
const MANY: usize = 300;

/// Takes an event for each permit.
struct Gate(Semaphore);

#[async_trait]
impl Bus for Gate {
    async fn publish(&self, _envelope: Arc<Envelope>) -> Result<(), PublishError> {
        self.0.acquire().await.unwrap().forget();
        Ok(())
    }
}

/// Events that nobody here is told of, before whatever is committed next.
async fn crowd(world: &World) {
    let at = world.clock.now();
    for _ in 0..MANY {
        let event = ExpirationComplete { id: OrderId::generate() }.into();
        let committed = world.orders.journal.commit(Changeset::new(at, Vec::new(), vec![event]));
        assert_eq!(committed.await.unwrap(), Committed::Now);
    }
}

/// Waits until so many events have been taken.
async fn taken(journal: &Journal, count: usize) {
    let are_taken = || async {
        let left = usize::try_from(journal.backlog().await?.undelivered).unwrap();
        Ok::<_, StoreError>((left + count <= MANY).then_some(()))
    };
    let are_taken = journal.wait_for(Duration::from_secs(30), are_taken).await.unwrap();
    assert!(are_taken.is_some(), "events should be taken");
}

/// Its seller was told that everybody pays the new price from then on.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_waited_pays_what_the_ticket_costs_then() {
    let world = World::with(Journal::shared).await;
    let (journal, gate) = (&world.orders.journal, Arc::new(Gate(Semaphore::new(0))));
    let old = ticket(world.clock.now());
    let new =
        Ticket { price: MajorUnits::parse("99").unwrap(), version: Version::new(1), ..old.clone() };
    let permit = ory::permit(&Everybody, UserId::generate(), old.id).await.unwrap();
    world.deliver(&sealed(TicketCreated(old))).await;
    crowd(&world).await;
    let (stop, options) = (CancellationToken::new(), RelayOptions::default());
    let relay = Relay::new(journal.clone(), gate.clone(), world.clock.clone(), options);
    let relay = tokio::spawn(relay.run(stop.clone()));

    let mut order = pin!(world.orders.place_order(permit, Remember::NOTHING));
    let mut given = 0;
    // a machine that rests for long lets everybody in, so that this waits once the relay is seen to
    // work; bounded: by the events that there are
    while journal.wait_for_room().now_or_never().is_some() {
        given += 1;
        gate.0.add_permits(1);
        taken(journal, given).await;
    }
    assert!(order.as_mut().now_or_never().is_none(), "others are before it");
    world.deliver(&sealed(TicketUpdated(new.clone()))).await;
    gate.0.add_permits(Semaphore::MAX_PERMITS / 2);
    assert_eq!(order.await.unwrap().ticket.price, new.price);
    stop.cancel();
    relay.await.unwrap();
}
