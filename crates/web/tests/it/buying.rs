use http::Method;
use serde_json::json;

use crate::world::{BUYER, ORDER, SELLER, TICKET, World, order, problem, ticket};

fn reserving() -> World {
    let world = World::of(BUYER);
    world.says(Method::GET, &format!("/api/tickets/{TICKET}"), 200, ticket("Glass Anchors"));
    world
}

#[tokio::test]
async fn reserving_is_a_plain_form_that_is_sent_once() {
    let world = reserving();
    world.says(Method::POST, "/api/orders", 201, order("created"));
    let page = world.get(&format!("/tickets/{TICKET}")).await;
    page.says(&format!("<form method=\"post\" action=\"/tickets/{TICKET}/reserve\""));
    let once = page.field("once");
    assert!(once.len() >= 20);
    let (path, fields) = (format!("/tickets/{TICKET}/reserve"), [("once", &*once)]);
    let reserved = world.post(&path, &fields).await;
    assert_eq!(reserved.location(), format!("/orders/{ORDER}?note=reserved"));
    let (_, headers, body) = world.asked(&Method::POST, "/api/orders");
    assert_eq!(headers["idempotency-key"], *once);
    assert_eq!(
        headers["cookie"].to_str().unwrap().split("; ").next(),
        Some("ory_kratos_session=abc")
    );
    assert_eq!(body, json!({ "ticketId": TICKET }));
}

#[tokio::test]
async fn who_comes_second_is_told_kindly_and_who_came_twice_finds_the_order() {
    let world = reserving();
    let refused = problem(400, "ticket-already-reserved");
    world.says(Method::POST, "/api/orders", 400, refused);
    let path = format!("/tickets/{TICKET}/reserve");
    let lost = world.post(&path, &[]).await;
    assert_eq!(lost.location(), format!("/tickets/{TICKET}?note=lost-race"));
    world.get(lost.location()).await.says("Somebody was a moment quicker.");
    // another tab of the same visitor was quicker
    let mut held = ticket("Glass Anchors");
    held["orderId"] = json!(ORDER);
    world.says(Method::GET, &format!("/api/tickets/{TICKET}"), 200, held);
    world.says(Method::GET, &format!("/api/orders/{ORDER}"), 200, order("created"));
    let again = world.post(&path, &[]).await;
    assert_eq!(again.location(), format!("/orders/{ORDER}?note=yours-already"));
}

#[tokio::test]
async fn an_order_says_how_much_time_is_left_by_the_servers_clock() {
    let world = World::of(BUYER);
    world.says(Method::GET, &format!("/api/orders/{ORDER}"), 200, order("created"));
    world.says(Method::GET, "/api/payments?", 200, json!([]));
    let page = world.get(&format!("/orders/{ORDER}")).await;
    page.says("data-left=\"840000\"");
    page.says("14:00");
    page.says("Pay €19.90");
    page.says("value=\"tok_chargeDeclinedInsufficientFunds\"");
    assert_eq!(page.headers["cache-control"], "private, no-store");
}

#[tokio::test]
async fn an_order_that_has_ended_says_when() {
    let world = World::of(BUYER);
    world.says(Method::GET, "/api/payments?", 200, json!([]));
    let path = format!("/orders/{ORDER}");
    for (status, reason) in
        [("complete", None), ("cancelled", Some("buyer")), ("cancelled", Some("payment_failed"))]
    {
        let mut ended = order(status);
        ended["cancelReason"] = json!(reason);
        world.says(Method::GET, &format!("/api{path}"), 200, ended.clone());
        world.get(&path).await.does_not_say("20:05");
        ended["updatedAt"] = json!("2026-05-01T20:05:00.000Z");
        world.says(Method::GET, &format!("/api{path}"), 200, ended);
        world.get(&path).await.says("<time datetime=\"2026-05-01T20:05:00.000Z\"");
    }
}

#[tokio::test]
async fn a_seller_sees_the_order_but_can_neither_pay_nor_cancel() {
    let world = World::of(SELLER);
    world.says(Method::GET, &format!("/api/orders/{ORDER}"), 200, order("created"));
    world.says(Method::GET, "/api/payments?", 200, json!([]));
    let page = world.get(&format!("/orders/{ORDER}")).await;
    page.says("Somebody has reserved your ticket");
    page.does_not_say("/pay\"");
    page.does_not_say("/cancel\"");
}

#[tokio::test]
async fn a_complete_order_never_says_that_nothing_is_charged() {
    let world = World::of(BUYER);
    world.says(Method::GET, &format!("/api/orders/{ORDER}"), 200, order("complete"));
    let path = format!("/orders/{ORDER}");
    for (status, says, asks_again) in [
        ("authorized", "Your card is being charged, once", true),
        ("captured", "Your card was charged once", false),
    ] {
        let payment = json!([{
            "id": TICKET, "orderId": ORDER, "version": 1, "status": status, "amount": 19.9,
            "currency": "EUR",
        }]);
        world.says(Method::GET, "/api/payments?", 200, payment);
        let page = world.get(&path).await;
        page.says(says);
        page.does_not_say("nothing is charged yet");
        assert_eq!(page.html.contains("data-unsettled"), asks_again, "{status}");
    }
}

#[tokio::test]
async fn every_mishap_of_paying_has_its_own_words() {
    let world = World::of(BUYER);
    world.says(Method::GET, &format!("/api/orders/{ORDER}"), 200, order("awaiting:payment"));
    world.says(Method::GET, "/api/payments?", 200, json!([]));
    let mut funds = problem(402, "card-declined");
    funds["details"] = json!({ "declineCode": "insufficient_funds" });
    for (status, refused, words) in [
        (402, funds, "There is not enough money on this card."),
        (402, problem(402, "card-declined"), "The bank declined this card."),
        (400, problem(400, "order-expired"), "The time was over before the payment came."),
        (400, problem(400, "order-cancelled"), "This order was cancelled before"),
        (400, problem(400, "order-already-paid"), "You have paid for this already"),
        (400, problem(400, "payment-in-progress"), "A payment is under way already"),
        (503, problem(503, "unavailable"), "Nothing was changed."),
        (504, problem(504, "timeout"), "whether that worked."),
        (429, problem(429, "too-many-requests"), "That was too much at once."),
    ] {
        world.says(Method::POST, "/api/payments", status, refused);
        let fields = [("token", "tok_visa"), ("once", "abcdefgh")];
        let paid = world.post(&format!("/orders/{ORDER}/pay"), &fields).await;
        assert_eq!(paid.status, 303, "{words}");
        world.get(paid.location()).await.says(words);
    }
    let (_, _, body) = world.asked(&Method::POST, "/api/payments");
    assert_eq!(body, json!({ "orderId": ORDER, "token": "tok_visa" }));
}

#[tokio::test]
async fn a_note_is_one_of_ours_or_none() {
    let world = reserving();
    let page = world.get(&format!("/tickets/{TICKET}?note=%3Cb%3EYou+won%3C/b%3E")).await;
    page.does_not_say("You won");
    page.does_not_say("class=\"note");
}
