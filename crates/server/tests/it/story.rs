//! What people come for, row by row of the public contract.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{PASSWORD, Person};

use crate::exchange;
use crate::observability::timers_fired;

fn ids(list: &Value) -> Vec<String> {
    let id = |item: &Value| item["id"].as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(id).collect()
}

#[tokio::test]
async fn a_ticket_is_listed_reserved_paid_and_sold() {
    let exchange = exchange(&[]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let body = json!({"title": "  Nick Cave, Berlin ", "price": 19.99, "description": "Row 3"});
    let ticket = seller.post("/api/tickets", body).await.expect(201);
    assert_eq!(ticket["title"], "Nick Cave, Berlin");
    assert_eq!(ticket["price"], json!(19.99));
    assert_eq!(ticket["currency"], "EUR");
    assert_eq!(ticket["version"], 0);
    assert_eq!(ticket["status"], "approved");
    assert_eq!(ticket["userId"], seller.id);
    assert_eq!(ticket.get("orderId"), None);
    let id = ticket["id"].as_str().unwrap();

    let order = buyer.order(id).await.expect(201);
    assert_eq!(order["status"], "created");
    assert_eq!(order["userId"], buyer.id);
    assert_eq!(order["ticket"]["price"], json!(19.99));
    let placed_at = order["createdAt"].as_str().unwrap();
    assert_eq!(order["updatedAt"], placed_at);
    let order = order["id"].as_str().unwrap();
    exchange.drain().await;
    assert_eq!(buyer.ticket_now(id).await["orderId"], order);

    let payment = buyer.pay(order, "tok_visa").await.expect(201);
    assert_eq!(payment["status"], "captured");
    assert_eq!(payment["amount"], json!(19.99));
    assert_eq!(payment["orderId"], order);
    assert!(payment["stripeId"].is_string());
    let completed = buyer.order_now(order).await;
    assert_eq!((&completed["status"], &completed["version"]), (&json!("complete"), &json!(2)));
    assert!(completed["updatedAt"].as_str().unwrap() > placed_at, "{completed}");

    let path = format!("/api/payments/{}", payment["id"].as_str().unwrap());
    assert_eq!(buyer.get(&path).await.expect(200), payment);
    assert_eq!(seller.get(&path).await.expect(200), payment, "the seller may see the sale");
    let of_order = buyer.get(&format!("/api/payments?orderId={order}")).await.expect(200);
    assert_eq!(of_order, json!([payment]));
    assert_eq!(buyer.order(id).await.problem(), "ticket-already-reserved");
    let refused = seller.delete(&format!("/api/tickets/{id}")).await;
    assert_eq!((refused.status.as_u16(), refused.problem()), (400, "ticket-held"));
}

#[tokio::test]
async fn somebody_signs_out_and_in_again() {
    let exchange = exchange(&[]);
    let person = exchange.person().await;
    let session = person.get("/sessions/whoami").await.expect(200);
    assert_eq!(session["active"], true);
    assert_eq!(session["identity"]["traits"]["email"], person.email);
    assert_eq!(session["identity"]["metadata_public"]["id"], person.id);
    let user = person.get("/api/users/current-user").await.expect(200);
    assert_eq!((&user["id"], &user["email"]), (&json!(person.id), &json!(person.email)));
    assert_eq!(user["identityId"], session["identity"]["id"]);

    let token = json!({"session_token": person.token});
    let out = person.send(Method::DELETE, "/self-service/logout/api", Some(token)).await.unwrap();
    assert_eq!(out.status.as_u16(), 204);
    assert_eq!(person.get("/sessions/whoami").await.status.as_u16(), 401);
    assert_eq!(person.get("/api/orders").await.problem(), "not-signed-in");

    let guest = exchange.anonymous();
    let refused = guest.sign_in(&person.email.to_uppercase(), "not the password").await;
    assert_eq!(refused.expect(400)["ui"]["messages"][0]["id"], 4_000_006);
    let session = guest.sign_in(&person.email.to_uppercase(), PASSWORD).await.expect(200);
    let back = person.with_token(session["session_token"].as_str().unwrap());
    assert_eq!(back.get("/api/users/current-user").await.expect(200)["id"], person.id);
    let again = guest.submit_sign_up(&person.email).await.expect(400);
    assert_eq!(again["ui"]["messages"][0]["id"], 4_000_001, "an e-mail is somebody's once");
}

#[tokio::test]
async fn a_buyer_who_gives_a_ticket_back_frees_it_for_the_next() {
    let exchange = exchange(&[]);
    let (seller, first, second) =
        (exchange.person().await, exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Patti Smith", 45.0).await;
    let order = first.place_order(&ticket).await;
    assert_eq!(second.order(&ticket).await.problem(), "ticket-already-reserved");

    let path = format!("/api/orders/{order}");
    let cancelled = first.delete(&path).await.expect(200);
    assert_eq!(
        (&cancelled["status"], &cancelled["cancelReason"]),
        (&json!("cancelled"), &json!("buyer"))
    );
    assert_eq!(first.delete(&path).await.expect(200), cancelled, "once more changes nothing");
    let again = second.place_order(&ticket).await;
    exchange.drain().await;
    assert_eq!(second.ticket_now(&ticket).await["orderId"], again);
    assert_eq!(first.pay(&order, "tok_visa").await.problem(), "order-cancelled");

    second.pay(&again, "tok_mastercard").await.expect(201);
    let refused = second.delete(&format!("/api/orders/{again}")).await;
    assert_eq!((refused.status.as_u16(), refused.problem()), (400, "order-complete"));
}

#[tokio::test]
async fn an_unpaid_reservation_goes_back_on_sale_in_its_time() {
    let exchange = exchange(&[("EXPIRATION_WINDOW_SECONDS", "2")]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Björk, Harpa", 120.0).await;
    let placed = buyer.order(&ticket).await.expect(201);
    let order = placed["id"].as_str().unwrap().to_owned();
    exchange.pass(Duration::from_millis(1500)).await;
    assert_eq!(buyer.order_now(&order).await["status"], "created", "not before its time");

    let databases = exchange.databases();
    let cancelled = "select count(*) from orders where cancel_reason = 'expired'";
    assert!(exchange.reaches(|| databases.number("orders", cancelled) == 1).await);
    if exchange.is_behind_nginx() {
        // its timer did it, and not orders' look for what timers have missed
        assert!(exchange.reaches(|| timers_fired(&exchange) == Some(1.0)).await);
    }
    let expired = buyer.order_now(&order).await;
    assert_eq!(
        (&expired["status"], &expired["cancelReason"]),
        (&json!("cancelled"), &json!("expired"))
    );
    exchange.drain().await;
    assert_eq!(buyer.ticket_now(&ticket).await.get("orderId"), None);
    assert!(
        ["order-cancelled", "order-expired"]
            .contains(&buyer.pay(&order, "tok_visa").await.problem())
    );
    buyer.place_order(&ticket).await;
}

#[tokio::test]
async fn a_seller_edits_and_withdraws_what_is_free() {
    let exchange = exchange(&[]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("PJ Harvey", 60.0).await;
    let path = format!("/api/tickets/{ticket}");
    let (title, description) = ("PJ Harvey, late show", "Balcony");
    let edit = json!({"title": title, "price": 55.5, "description": description, "version": 0});
    let edited = seller.patch(&path, edit.clone()).await.expect(200);
    assert_eq!((&edited["price"], &edited["version"]), (&json!(55.5), &json!(1)));
    assert_eq!(edited["description"], "Balcony");
    let stale = seller.patch(&path, edit).await;
    assert_eq!((stale.status.as_u16(), stale.problem()), (409, "stale-version"));
    let bare = seller.patch(&path, json!({"description": null})).await.expect(200);
    assert_eq!(bare.get("description"), None);
    assert_eq!(seller.patch(&path, json!({})).await.expect(200), bare, "nothing to change");

    exchange.drain().await;
    let order = buyer.order(&ticket).await.expect(201);
    assert_eq!(order["ticket"]["price"], json!(55.5), "the buyer pays the price that was shown");
    exchange.drain().await;
    assert_eq!(seller.patch(&path, json!({"price": 99})).await.problem(), "ticket-held");
    assert_eq!(seller.delete(&path).await.problem(), "ticket-held");
    buyer.delete(&format!("/api/orders/{}", order["id"].as_str().unwrap())).await.expect(200);
    exchange.drain().await;
    let withdrawn = seller.delete(&path).await.expect(200);
    assert_eq!(withdrawn["status"], "withdrawn");
    exchange.drain().await;
    assert_eq!(buyer.order(&ticket).await.problem(), "ticket-not-for-sale");
    assert_eq!(seller.patch(&path, json!({"price": 1})).await.problem(), "ticket-withdrawn");
}

/// Whoever was told so can rely on it: no waiting between the seller's change and the order.
#[tokio::test]
async fn a_change_that_was_answered_holds_for_the_very_next_order() {
    let exchange = exchange(&[]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    for _ in 0..40 {
        let ticket = seller.list_ticket("Mogwai", 10.0).await;
        let path = format!("/api/tickets/{ticket}");
        seller.patch(&path, json!({"price": 99})).await.expect(200);
        let order = buyer.order(&ticket).await.expect(201);
        assert_eq!(order["ticket"]["price"], 99);

        let ticket = seller.list_ticket("Mogwai, cancelled", 10.0).await;
        seller.delete(&format!("/api/tickets/{ticket}")).await.expect(200);
        assert_eq!(buyer.order(&ticket).await.problem(), "ticket-not-for-sale");
    }
}

async fn pages(person: &Person, path: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut next = String::new();
    // bounded: every page has rows that no other has
    loop {
        let page = person.get(&format!("{path}{next}")).await.expect(200);
        found.push(ids(&page["results"]));
        let Some(key) = page.get("next") else {
            return found;
        };
        let key = key[0].to_string();
        let encoded: String = key.bytes().map(|byte| format!("%{byte:02X}")).collect();
        next = format!("&start_key={encoded}");
    }
}

#[tokio::test]
async fn tickets_are_found_by_name_and_page_by_page_newest_first() {
    let exchange = exchange(&[]);
    let (seller, guest) = (exchange.person().await, exchange.anonymous());
    let mut listed = Vec::new();
    for number in 0..25 {
        listed.push(seller.list_ticket(&format!("Motörhead night {number}"), 10.0).await);
    }
    let other = seller.list_ticket("Céline Dion", 10.0).await;
    seller.delete(&format!("/api/tickets/{}", listed[7])).await.expect(200);

    let pages_of_ten = pages(&guest, "/api/tickets?limit=10&q=night%20motorh").await;
    let sizes: Vec<_> = pages_of_ten.iter().map(Vec::len).collect();
    assert_eq!(sizes, [10, 10, 4], "the withdrawn one is not shown to guests");
    let found: Vec<_> = pages_of_ten.concat();
    let mut expected: Vec<_> = listed.iter().filter(|id| **id != listed[7]).cloned().collect();
    expected.reverse();
    assert_eq!(found, expected);

    let own = seller.get("/api/tickets?limit=100").await.expect(200);
    assert_eq!(own["results"].as_array().unwrap().len(), 26, "sellers see all of their own");
    assert_eq!(own.get("next"), None);
    let page = guest.get("/api/tickets").await.expect(200);
    assert_eq!(page["results"].as_array().unwrap().len(), 10, "ten by default");
    assert_eq!(ids(&guest.get("/api/tickets?q=CELINE").await.expect(200)["results"]), [other]);
    let nothing = guest.get("/api/tickets?q=%25").await;
    assert_eq!(nothing.expect(400)["errors"][0]["field"], "q", "a lone % has no words");
}

#[tokio::test]
async fn buyers_and_sellers_see_their_orders() {
    let exchange = exchange(&[]);
    let (seller, buyer, stranger) =
        (exchange.person().await, exchange.person().await, exchange.person().await);
    let mut placed = Vec::new();
    for number in 0..12 {
        let ticket = seller.list_ticket(&format!("Show {number}"), 10.0).await;
        placed.push(buyer.place_order(&ticket).await);
    }
    placed.reverse();
    assert_eq!(ids(&buyer.get("/api/orders?limit=100").await.expect(200)), placed);
    assert_eq!(ids(&buyer.get("/api/orders").await.expect(200)), placed[..10]);
    let key = format!("%7B%22key%22%3A%22id%22%2C%22value%22%3A%22{}%22%7D", placed[9]);
    let rest = buyer.get(&format!("/api/orders?start_key={key}")).await.expect(200);
    assert_eq!(ids(&rest), placed[10..]);
    assert_eq!(ids(&seller.get("/api/orders?as=seller&limit=100").await.expect(200)), placed);
    assert_eq!(seller.get("/api/orders").await.expect(200), json!([]));
    assert_eq!(stranger.get("/api/orders?as=seller").await.expect(200), json!([]));
    let refused = buyer.get("/api/orders?as=queen").await;
    assert_eq!((refused.status.as_u16(), refused.problem()), (400, "validation"));
}

#[tokio::test]
async fn a_declined_card_is_told_why_and_another_may_be_tried() {
    let exchange = exchange(&[]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Low, farewell", 30.0).await;
    let order = buyer.place_order(&ticket).await;
    for (token, code) in [
        ("tok_chargeDeclined", "generic_decline"),
        ("tok_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("tok_chargeDeclinedExpiredCard", "expired_card"),
    ] {
        let declined = buyer.pay(&order, token).await;
        assert_eq!((declined.status.as_u16(), declined.problem()), (402, "card-declined"));
        assert_eq!(declined.body["details"]["declineCode"], code);
    }
    exchange.drain().await;
    assert_eq!(buyer.order_now(&order).await["status"], "awaiting:payment");
    buyer.pay(&order, "tok_visa").await.expect(201);
    let payments = buyer.get(&format!("/api/payments?orderId={order}")).await.expect(200);
    let statuses: Vec<_> =
        payments.as_array().unwrap().iter().map(|it| it["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["captured", "failed", "failed", "failed"]);
    assert_eq!(buyer.pay(&order, "tok_visa").await.problem(), "order-already-paid");
}

#[tokio::test]
async fn five_declined_cards_end_the_reservation() {
    let exchange = exchange(&[]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Fugazi", 5.0).await;
    let order = buyer.place_order(&ticket).await;
    for _ in 0..5 {
        assert_eq!(buyer.pay(&order, "tok_chargeDeclined").await.status.as_u16(), 402);
    }
    exchange.drain().await;
    let ended = buyer.order_now(&order).await;
    assert_eq!(ended["cancelReason"], "payment_failed");
    assert_eq!(buyer.pay(&order, "tok_visa").await.problem(), "order-cancelled");
    assert_eq!(buyer.ticket_now(&ticket).await.get("orderId"), None);
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let mut exchange = exchange(&[]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Sonic Youth", 33.33).await;
    let order = buyer.place_order(&ticket).await;
    exchange.drain().await;
    assert!(exchange.stop(), "it ends well");
    for file in std::fs::read_dir(exchange.data()).unwrap() {
        let path = file.unwrap().path();
        let in_log = path.to_string_lossy().ends_with("-wal");
        assert!(!in_log || path.metadata().unwrap().len() == 0, "{} is left", path.display());
    }
    exchange.restart();
    let buyer = buyer.at(exchange.url());
    assert_eq!(buyer.ticket_now(&ticket).await["orderId"], order);
    buyer.pay(&order, "tok_visa").await.expect(201);
    let found = exchange.anonymous().get("/api/tickets").await.expect(200);
    assert_eq!(ids(&found["results"]).into_iter().collect::<BTreeSet<_>>(), [ticket].into());
}
