//! Money and time at their worst: never a charge without a ticket, never two.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use testkit::{Databases, Person, TestPlatform};

use crate::exchange;

/// A seller's ticket, reserved by a buyer.
async fn reserved(exchange: &TestPlatform) -> (Person, String) {
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Slowdive", 42.0).await;
    let order = buyer.place_order(&ticket).await;
    (buyer, order)
}

/// What must hold of every order and charge when all is at rest: an order is charged once if it
/// is complete, and not at all otherwise; nothing stays held.
pub(crate) fn check_money(databases: &Databases) {
    let open = "select count(*) from charges where status = 'authorized'";
    assert_eq!(databases.number("card-sandbox", open), 0, "money is held for nobody");
    let charges = "select key from charges where status = 'captured' order by key";
    let captured: Vec<String> = databases.rows("card-sandbox", charges).concat();
    let paid = "select id from payments where status = 'captured' order by id";
    assert_eq!(captured, databases.rows("payments", paid).concat(), "the books agree");
    let paid_orders = "select order_id from payments where status = 'captured' order by order_id";
    let complete = "select id from orders where status = 'complete' order by id";
    let complete = databases.rows("orders", complete).concat();
    assert_eq!(databases.rows("payments", paid_orders).concat(), complete, "one charge an order");
    let twice = "select count(*) from movements m where m.kind = 'captured' and exists
         (select 1 from movements o where o.charge_id = m.charge_id
          and o.kind in ('voided', 'refunded'))";
    assert_eq!(databases.number("card-sandbox", twice), 0, "no charge was taken and given back");
}

fn status(entity: &Value) -> &str {
    entity["status"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn paying_twice_at_once_charges_once() {
    let exchange = exchange(&[]);
    for _ in 0..10 {
        let (buyer, order) = reserved(&exchange).await;
        let pay = || buyer.pay(&order, "tok_visa");
        let answers = join_all((0..8).map(|_| pay())).await;
        let paid = answers.iter().filter(|answer| answer.status.as_u16() == 201).count();
        assert_eq!(paid, 1);
        for answer in answers.iter().filter(|answer| answer.status.as_u16() != 201) {
            assert_eq!(answer.status.as_u16(), 400);
            assert!(["payment-in-progress", "order-already-paid"].contains(&answer.problem()));
        }
    }
    exchange.drain().await;
    check_money(&exchange.databases());
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_while_paying_ends_one_way_or_the_other() {
    let exchange = exchange(&[]);
    let mut ends = BTreeMap::<String, u32>::new();
    for n in 0..60 {
        let (buyer, order) = reserved(&exchange).await;
        let path = format!("/api/orders/{order}");
        // the cancellation comes a little later each time: before, amid and after the payment
        let cancel = async {
            exchange.pass(Duration::from_micros(300 * (n % 20))).await;
            buyer.delete(&path).await
        };
        let (paid, cancelled) = tokio::join!(buyer.pay(&order, "tok_visa"), cancel);
        exchange.drain().await;
        let ended = buyer.order_now(&order).await;
        match status(&ended) {
            "complete" => {
                assert_eq!(paid.status.as_u16(), 201, "{:#}", paid.body);
                assert_eq!(cancelled.problem(), "order-complete");
            }
            "cancelled" => {
                assert_eq!(cancelled.status.as_u16(), 200, "{:#}", cancelled.body);
                assert!([201, 400].contains(&paid.status.as_u16()), "{:#}", paid.body);
                assert_ne!(paid.body["status"], "captured");
            }
            other => panic!("an order at rest is {other}"),
        }
        *ends.entry(status(&ended).to_owned()).or_default() += 1;
    }
    println!("{ends:?}");
    check_money(&exchange.databases());
}

#[tokio::test(flavor = "multi_thread")]
async fn paying_at_the_moment_of_expiry_charges_only_for_a_ticket() {
    let exchange = exchange(&[("EXPIRATION_WINDOW_SECONDS", "1")]);
    let reservations = join_all((0..60).map(|_| reserved(&exchange))).await;
    // their deadlines lie within a second from now; the payments are spread over it
    let pay = |(n, (buyer, order)): (u64, (Person, String))| {
        let exchange = &exchange;
        async move {
            exchange.pass(Duration::from_millis(20 * n)).await;
            let answer = buyer.pay(&order, "tok_visa").await;
            assert!([201, 400].contains(&answer.status.as_u16()), "{:#}", answer.body);
            (buyer, order, answer)
        }
    };
    let paid = join_all((0..).zip(reservations).map(pay)).await;
    exchange.pass(Duration::from_secs(1)).await;
    exchange.drain().await;
    for (buyer, order, answer) in paid {
        let ended = buyer.order_now(&order).await;
        match status(&ended) {
            "complete" => assert_eq!(answer.status.as_u16(), 201, "{:#}", answer.body),
            "cancelled" => assert_ne!(answer.body["status"], "captured"),
            other => panic!("an order past its deadline is {other}"),
        }
    }
    check_money(&exchange.databases());
}

#[tokio::test]
async fn a_gateway_that_loses_answers_is_asked_again() {
    let exchange = exchange(&[]);
    for token in ["tok_sandboxTimeoutBefore", "tok_sandboxTimeoutAfter"] {
        let (buyer, order) = reserved(&exchange).await;
        let so_far = buyer.pay(&order, token).await.expect(201);
        assert!(["pending", "authorized", "captured"].contains(&status(&so_far)));
        exchange.drain().await;
        assert_eq!(status(&buyer.order_now(&order).await), "complete");
        let path = format!("/api/payments/{}", so_far["id"].as_str().unwrap());
        assert_eq!(status(&buyer.get(&path).await.expect(200)), "captured");
    }
    check_money(&exchange.databases());
}

#[tokio::test]
async fn cancelling_a_payment_whose_answer_was_lost_holds_nothing() {
    let exchange = exchange(&[]);
    for token in ["tok_sandboxTimeoutBefore", "tok_sandboxTimeoutAfter"] {
        let (buyer, order) = reserved(&exchange).await;
        let paying = tokio::spawn({
            let (buyer, order) = (buyer.clone(), order.clone());
            async move { buyer.pay(&order, token).await }
        });
        let databases = exchange.databases();
        let started = "select count(*) from payments where status = 'pending'";
        assert!(exchange.reaches(|| databases.number("payments", started) == 1).await);
        buyer.delete(&format!("/api/orders/{order}")).await.expect(200);
        assert_eq!(paying.await.unwrap().problem(), "order-cancelled");
        exchange.drain().await;
        assert_eq!(status(&buyer.order_now(&order).await), "cancelled");
    }
    check_money(&exchange.databases());
}
