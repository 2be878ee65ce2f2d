//! The log: lines that machines can read, each with its trace; and no secret in it, however much
//! is logged.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::PASSWORD;

use crate::one_process;

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test(flavor = "multi_thread")]
async fn every_line_is_an_object_that_knows_its_trace() {
    let exchange = one_process(&[("RUST_LOG", "debug")]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Traced", 10.0).await;
    let body = json!({"ticketId": ticket}).to_string().into_bytes();
    let headers = [("traceparent", TRACEPARENT), ("content-type", "application/json")];
    let placed = buyer.send_raw(Method::POST, "/api/orders", &headers, body).await.unwrap();
    placed.expect(201);
    exchange.drain().await;

    let log = exchange.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let in_trace: Vec<&str> = lines
        .iter()
        .filter(|line| line["span"]["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736")
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    assert!(in_trace.iter().any(|message| message.starts_with("Placed order ")), "{in_trace:?}");
    let answered: Vec<_> = lines.iter().filter(|line| line["message"] == "Answered").collect();
    let placing = answered.iter().find(|line| line["path"] == "/api/orders").unwrap();
    assert_eq!(placing["method"], "POST");
    assert_eq!(placing["status"], 201);
    assert_eq!(placing["span"]["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(answered.iter().all(|line| line["span"]["trace_id"].is_string()));
    for line in &lines {
        for key in ["timestamp", "level", "message", "target"] {
            assert!(line[key].is_string(), "{line}");
        }
    }
}

#[tokio::test]
async fn text_is_for_people() {
    let exchange = one_process(&[("LOG_FORMAT", "text"), ("RUST_LOG", "debug")]);
    exchange.anonymous().get("/api/tickets").await.expect(200);
    let log = exchange.log();
    let answered = log.lines().find(|line| line.contains("Answered")).unwrap();
    assert!(serde_json::from_str::<Value>(answered).is_err());
    assert!(answered.contains("trace_id="), "{answered}");
    assert!(!log.contains('\u{1b}'), "no colours in a file: {log:?}");
}

/// With everything logged, the log holds nothing that opens a door.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged() {
    let token = "0123456789-metrics-secret";
    let exchange = one_process(&[("RUST_LOG", "trace"), ("METRICS_TOKEN", token)]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Quiet", 10.0).await;
    let order = buyer.place_order(&ticket).await;
    for card in ["tok_chargeDeclined", "tok_sandboxTimeoutAfter"] {
        buyer.pay(&order, card).await;
        exchange.drain().await;
    }
    let wrong = "a wrong but secret password 8";
    buyer.sign_in(&buyer.email, wrong).await.expect(400);
    let again = buyer.sign_in(&buyer.email, PASSWORD).await.expect(200);
    let second = again["session_token"].as_str().unwrap().to_owned();
    let cookie = format!("ory_kratos_session={second}");
    let guest = exchange.anonymous();
    let bearer = format!("Bearer {token}");
    for (path, header, value) in [
        ("/sessions/whoami", "cookie", cookie.as_str()),
        ("/sessions/whoami", "x-session-token", second.as_str()),
        ("/sessions/whoami", "cookie", "ory_kratos_session=ory_st_a_stolen_cookie"),
        ("/metrics", "authorization", bearer.as_str()),
    ] {
        guest.send_raw(Method::GET, path, &[(header, value)], vec![]).await.unwrap();
    }
    // refusals are logged with what was asked for
    let path = "/api/tickets?session_token=ory_st_in_the_query&limit=none";
    guest.get(path).await.expect(400);
    let card = json!({"orderId": order, "token": "tok_not_a_known_card_at_all"});
    buyer.post("/api/payments", card).await;
    let out = json!({"session_token": second});
    let out = buyer.send(Method::DELETE, "/self-service/logout/api", Some(out)).await.unwrap();
    assert_eq!(out.status.as_u16(), 204);
    exchange.drain().await;

    let log = exchange.log();
    assert!(log.contains("Refused GET /api/tickets"), "it did log what it can");
    let secrets = [
        PASSWORD,
        wrong,
        token,
        &seller.token,
        &buyer.token,
        &second,
        "ory_st_a_stolen_cookie",
        "ory_st_in_the_query",
        "tok_chargeDeclined",
        "tok_sandboxTimeoutAfter",
        "tok_not_a_known_card_at_all",
    ];
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in the log");
    }
}
