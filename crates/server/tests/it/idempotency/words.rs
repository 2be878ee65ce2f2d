//! What a key is, whose it is, and what it stands for.

use reqwest::Method;
use serde_json::json;

use super::Client;
use crate::exchange;

#[tokio::test]
async fn a_key_stands_for_one_request_of_one_caller() {
    let exchange = exchange(&[]);
    let (seller, other) = (exchange.person().await, exchange.person().await);
    let (client, others) = (Client::of(&exchange, &seller), Client::of(&exchange, &other));
    let body = r#"{"title":"Nick Cave","price":10}"#;
    let post =
        async |path: &str, key: &str, body: &str| client.try_post(path, key, body).await.unwrap();
    let first = post("/api/tickets", "k", body).await;
    for (path, other_body) in [
        ("/api/tickets", r#"{"title":"Nick Cave","price":11}"#),
        ("/api/tickets", r#"{"price":10,"title":"Nick Cave"}"#),
        ("/api/tickets", r#"{"title":"Nick Cave","price":10} "#),
        ("/api/tickets?a=b", body),
    ] {
        let refused = post(path, "k", other_body).await;
        assert_eq!(refused.status, 409, "{path} {other_body}");
        assert_eq!(refused.problem(), "idempotency-key-reused");
        assert!(!refused.is_replay);
    }
    assert_eq!(post("/api/tickets", "\"k\"", body).await, first.replayed(), "the draft's form");
    assert_ne!(post("/api/tickets", "K", body).await.id(), first.id(), "case matters");

    let theirs = others.try_post("/api/tickets", "k", body).await.unwrap();
    assert!(!theirs.is_replay);
    assert_ne!(theirs.id(), first.id(), "it is another caller's key");

    // the same caller in another session
    let session = exchange.anonymous().sign_in(&seller.email, testkit::PASSWORD).await.expect(200);
    let token = session["session_token"].as_str().unwrap().to_owned();
    let elsewhere = Client { token, ..client.clone() };
    let again = elsewhere.try_post("/api/tickets", "k", body).await.unwrap();
    assert_eq!(again, first.replayed());

    // the page of the code is checked by this way to send it
    let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
    let refused = seller.send_raw(Method::POST, "/api/tickets", &headers, b"{}  ".to_vec()).await;
    assert_eq!(refused.unwrap().problem(), "validation", "form comes first");
    let body = json!({"title": "Another", "price": 1}).to_string().into_bytes();
    let refused = seller.send_raw(Method::POST, "/api/tickets", &headers, body).await.unwrap();
    assert_eq!(refused.problem(), "idempotency-key-reused");
    let tickets = exchange.databases().number("tickets", "select count(*) from tickets");
    assert_eq!(tickets, 3);
}

#[tokio::test]
async fn a_malformed_key_is_refused_by_name_and_does_nothing() {
    let exchange = exchange(&[]);
    let seller = exchange.person().await;
    let body = || json!({"title": "Nick Cave", "price": 10}).to_string().into_bytes();
    let too_long = "k".repeat(256);
    for key in ["", "\"\"", "a b", "\"open", "\"a\" \"b\"", "kl\u{fc}", &too_long] {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        for path in ["/api/tickets", "/api/orders", "/api/payments"] {
            let refused = seller.send_raw(Method::POST, path, &headers, body()).await.unwrap();
            assert_eq!((refused.status.as_u16(), refused.problem()), (400, "validation"), "{key}");
            assert_eq!(refused.body["errors"][0]["field"], "Idempotency-Key", "{key}");
            let nobody = exchange.anonymous().send_raw(Method::POST, path, &headers, body()).await;
            assert_eq!(nobody.unwrap().problem(), "not-signed-in", "who is calling comes first");
        }
        let read = seller.send_raw(Method::GET, "/api/tickets", &headers, Vec::new()).await;
        assert_eq!(read.unwrap().status.as_u16(), 200, "what is safe anyway takes no key");
    }
    let twice =
        [("content-type", "application/json"), ("idempotency-key", "a"), ("idempotency-key", "a")];
    let refused = seller.send_raw(Method::POST, "/api/tickets", &twice, body()).await.unwrap();
    assert_eq!(refused.body["errors"][0]["message"], "must not be repeated");

    let longest = "~".repeat(255);
    let headers = [("content-type", "application/json"), ("idempotency-key", longest.as_str())];
    let listed = seller.send_raw(Method::POST, "/api/tickets", &headers, body()).await.unwrap();
    assert_eq!(listed.status.as_u16(), 201);
    let tickets = exchange.databases().number("tickets", "select count(*) from tickets");
    assert_eq!(tickets, 1);
}

/// What was refused before anything was carried out leaves the key free.
#[tokio::test]
async fn a_key_is_not_used_up_by_a_request_that_was_not_carried_out() {
    let exchange = exchange(&[]);
    let seller = exchange.person().await;
    let client = Client::of(&exchange, &seller);
    let nobody = Client { token: "ory_st_madeup".to_owned(), ..client.clone() };
    let good = r#"{"title":"Nick Cave","price":10}"#;
    let refused = nobody.try_post("/api/tickets", "k", good).await.unwrap();
    assert_eq!(refused.problem(), "not-signed-in");
    for malformed in
        ["", "{", "[]", "{}", r#"{"title":"x","price":10}"#, r#"{"title":"Nick Cave"}"#]
    {
        let refused = client.try_post("/api/tickets", "k", malformed).await.unwrap();
        assert_eq!((refused.status, refused.is_replay), (400, false), "{malformed}");
    }
    let first = client.try_post("/api/tickets", "k", good).await.unwrap();
    assert!(!first.is_replay);
    assert_eq!(client.try_post("/api/tickets", "k", good).await.unwrap(), first.replayed());
}

/// What was carried out and refused is remembered: what is not there, not permitted, one's own.
#[tokio::test]
async fn every_refusal_by_a_rule_is_given_again() {
    let exchange = exchange(&[]);
    let (seller, buyer, other) =
        (exchange.person().await, exchange.person().await, exchange.person().await);
    let own = Client::of(&exchange, &seller);
    let others = Client::of(&exchange, &other);
    let ticket = seller.list_ticket("Low", 10.0).await;
    let order = buyer.place_order(&ticket).await;
    let nowhere = "0190163d-8694-739b-aea5-966c26f8ad91";
    for (client, path, body, code) in [
        (&own, "/api/orders", json!({"ticketId": ticket}), "own-ticket"),
        (&own, "/api/orders", json!({"ticketId": nowhere}), "ticket-not-found"),
        (&others, "/api/orders", json!({"ticketId": ticket}), "ticket-already-reserved"),
        (&others, "/api/payments", json!({"orderId": order, "token": "tok_visa"}), "not-permitted"),
        (
            &own,
            "/api/payments",
            json!({"orderId": nowhere, "token": "tok_visa"}),
            "order-not-found",
        ),
    ] {
        let first = client.post(path, code, &body).await;
        assert_eq!(first.problem(), code);
        assert!(!first.is_replay);
        assert_eq!(client.post(path, code, &body).await, first.replayed(), "{code}");
    }
}
