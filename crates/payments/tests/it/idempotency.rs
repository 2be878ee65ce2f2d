//! A payment is begun by one commit and answered by another. Whatever dies between the two, a
//! repeat is about the same payment, and the first answer that was given stays.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use events::{OrderCreated, PaymentStatus};
use http_kit::edge::edge;
use kernel::{Clock, OrderId};
use payments::{Hints, Payments, settle};
use store::StoreError;
use testkit::{ManualClock, Only, TestPlace, sealed};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::gateway::Gateway;
use crate::support::{deliver, payments, placed};

/// Long enough for any machine.
const LONG: Duration = Duration::from_secs(60);

/// Status, whether it was given before, and the text.
type Told = (u16, bool, String);

/// The context with an order to pay, and nobody who drives its payments yet.
async fn world() -> (Payments, OrderId, TestPlace) {
    let clock = ManualClock::started();
    let gateway = Arc::new(Gateway::new(Vec::new()));
    let (mut context, place) = payments(testkit::engine(), gateway, clock.clone()).await;
    let order = placed(clock.now());
    context.sessions = Arc::new(Only(order.user_id));
    let consumer = payments::subscription(&context).consumer;
    let id = order.id;
    deliver(&*consumer, &sealed(OrderCreated(order))).await;
    (context, id, place)
}

async fn pay(context: Payments, order: OrderId) -> Told {
    let clock = Arc::clone(&context.clock);
    let router: Router = edge(payments::router(context), clock);
    let body = format!("{{\"orderId\":\"{order}\",\"token\":\"tok_chargeDeclined\"}}");
    let request = Request::post("/api/payments")
        .header("authorization", "Bearer somebody")
        .header("content-type", "application/json")
        .header("idempotency-key", "k")
        .body(Body::from(body))
        .unwrap();
    let answer = router.oneshot(request).await.unwrap();
    let (status, is_replay) =
        (answer.status().as_u16(), answer.headers().contains_key("idempotent-replayed"));
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    (status, is_replay, String::from_utf8(body.into()).unwrap())
}

/// A request dies when its payment is committed and its answer isn't known yet.
async fn begin_and_die(context: &Payments, order: OrderId) {
    let patient = Payments { patience: LONG, ..context.clone() };
    let dying = tokio::spawn(pay(patient, order));
    let begun = || async {
        let sql = "select key from idempotency_keys where status is null";
        let keys = context.journal.query(sql, []).await?;
        Ok::<_, StoreError>((!keys.is_empty()).then_some(()))
    };
    assert!(context.journal.wait_for(LONG, begun).await.unwrap().is_some(), "it has begun");
    dying.abort();
    assert!(dying.await.unwrap_err().is_cancelled());
}

/// The driver works until the order's payment failed, as its card makes it.
async fn settle_all(context: &Payments, order: OrderId) {
    let (hints, hinted) = Hints::channel();
    let driven = Payments { hints, ..context.clone() };
    let stop = CancellationToken::new();
    let driver = tokio::spawn(settle(driven, hinted, stop.clone()));
    let failed = || async {
        let all = context.list_payments(order, None, 10).await?;
        let failed = all.payments.iter().all(|it| it.state.status() == PaymentStatus::Failed);
        Ok::<_, payments::Error>(failed.then_some(()))
    };
    assert!(context.journal.wait_for(LONG, failed).await.unwrap().is_some(), "it was declined");
    stop.cancel();
    driver.await.unwrap();
}

async fn count(context: &Payments, order: OrderId) -> usize {
    context.list_payments(order, None, 10).await.unwrap().payments.len()
}

#[tokio::test]
async fn a_repeat_learns_the_outcome_of_what_a_dead_request_began() {
    let (context, order, _place) = world().await;
    begin_and_die(&context, order).await;
    settle_all(&context, order).await;
    let (status, is_replay, text) = pay(context.clone(), order).await;
    assert_eq!((status, is_replay), (402, false), "nobody was told before: {text}");
    assert_eq!(pay(context.clone(), order).await, (402, true, text));
    assert_eq!(count(&context, order).await, 1);
}

#[tokio::test]
async fn what_was_told_first_stays_though_the_payment_moves_on() {
    let (context, order, _place) = world().await;
    begin_and_die(&context, order).await;
    let (status, is_replay, text) = pay(context.clone(), order).await;
    assert_eq!((status, is_replay), (201, false), "{text}");
    assert!(text.contains("\"status\":\"pending\""), "{text}");
    settle_all(&context, order).await;
    assert_eq!(pay(context.clone(), order).await, (201, true, text));
    assert_eq!(count(&context, order).await, 1);
}

/// A repeat waits with the first one, and both hear the same.
#[tokio::test]
async fn a_repeat_that_comes_meanwhile_waits_for_the_same_outcome() {
    let (context, order, _place) = world().await;
    let patient = Payments { patience: LONG, ..context.clone() };
    let waiting: Vec<_> = (0..8).map(|_| tokio::spawn(pay(patient.clone(), order))).collect();
    let begun = || async {
        let keys = context.journal.query("select key from idempotency_keys", []).await?;
        Ok::<_, StoreError>((!keys.is_empty()).then_some(()))
    };
    assert!(context.journal.wait_for(LONG, begun).await.unwrap().is_some());
    settle_all(&context, order).await;
    let mut told = Vec::new();
    for request in waiting {
        told.push(request.await.unwrap());
    }
    assert_eq!(told.iter().filter(|(_, is_replay, _)| !is_replay).count(), 1, "one was first");
    for (status, _, text) in &told {
        assert_eq!((*status, text), (402, &told[0].2));
    }
    assert_eq!(count(&context, order).await, 1);
}
