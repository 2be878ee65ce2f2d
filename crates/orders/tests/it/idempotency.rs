//! A key is good for a day, by the clock of the context; then it is forgotten, and a request with
//! it is a new one.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use bus::{Bus, PublishError};
use events::{Envelope, TicketCreated};
use http_kit::edge::edge;
use kernel::{Clock, OrderId, TicketId, UserId};
use outbox::{Relay, RelayOptions};
use store::StoreError;
use testkit::{Everybody, Only, sealed};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::support::{World, ticket};

const DAY: Duration = Duration::from_secs(24 * 3600);
const INSTANT: Duration = Duration::from_millis(1);

/// Takes every event.
struct Nowhere;

#[async_trait]
impl Bus for Nowhere {
    async fn publish(&self, _envelope: Arc<Envelope>) -> Result<(), PublishError> {
        Ok(())
    }
}

/// Status, whether it was given before, and the text.
type Told = (u16, bool, String);

async fn order(router: &Router, ticket: TicketId) -> Told {
    let request = Request::post("/api/orders")
        .header("authorization", "Bearer somebody")
        .header("content-type", "application/json")
        .header("idempotency-key", "k")
        .body(Body::from(format!("{{\"ticketId\":\"{ticket}\"}}")))
        .unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    let (status, is_replay) =
        (answer.status().as_u16(), answer.headers().contains_key("idempotent-replayed"));
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    (status, is_replay, String::from_utf8(body.into()).unwrap())
}

fn id_in(text: &str) -> OrderId {
    let id = text.split("\"id\":\"").nth(1).unwrap();
    OrderId::parse(&id[..36]).unwrap()
}

#[tokio::test]
async fn a_key_is_new_after_a_day() {
    let mut world = World::new().await;
    let buyer = UserId::generate();
    world.orders.sessions = Arc::new(Only(buyer));
    let clock: Arc<dyn Clock> = world.clock.clone();
    let router = edge(orders::router(world.orders.clone()), Arc::clone(&clock));
    let ticket = ticket(world.clock.now());
    let id = ticket.id;
    world.deliver(&sealed(TicketCreated(ticket))).await;

    let (status, is_replay, first) = order(&router, id).await;
    assert_eq!((status, is_replay), (201, false), "{first}");
    let permit = ory::permit(&Everybody, buyer, id_in(&first)).await.unwrap();
    world.orders.cancel_order(permit).await.unwrap();

    world.clock.advance(DAY.checked_sub(INSTANT).unwrap());
    assert_eq!(
        order(&router, id).await,
        (201, true, first.clone()),
        "the order is cancelled since"
    );
    world.clock.advance(INSTANT);
    let (status, is_replay, second) = order(&router, id).await;
    assert_eq!((status, is_replay), (201, false), "{second}");
    assert_ne!(id_in(&second), id_in(&first));
    assert_eq!(order(&router, id).await, (201, true, second));

    world.clock.advance(DAY);
    let every = Duration::from_millis(1);
    let options = RelayOptions { forget_every: every, poll: every, ..RelayOptions::default() };
    let stop = CancellationToken::new();
    let relay = Relay::new(world.orders.journal.clone(), Arc::new(Nowhere), clock, options);
    let running = tokio::spawn(relay.run(stop.clone()));
    let forgotten = || async {
        let keys = world.orders.journal.query("select key from idempotency_keys", []).await?;
        Ok::<_, StoreError>(keys.is_empty().then_some(()))
    };
    let patience = Duration::from_secs(30);
    let forgotten = world.orders.journal.wait_for(patience, forgotten).await.unwrap();
    assert!(forgotten.is_some(), "the key is still there");
    stop.cancel();
    running.await.unwrap();
}
