//! Flows that are unknown, of another kind, or over.

use std::time::Duration;

use serde_json::json;

use crate::world::{EMAIL, PASSWORD, World, credentials, registration};

const UNKNOWN: &str = "0190163d-8694-739b-aea5-966c26f8ad91";
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn an_unknown_flow_is_not_found() {
    let world = World::new().await;
    let expected = json!({ "error": {
        "code": 404, "status": "Not Found", "message": "Unable to locate the resource"
    } });
    for kind in ["registration", "login", "settings"] {
        for query in [&format!("?id={UNKNOWN}"), "?id=42", ""] {
            let reply = world.get(&format!("/self-service/{kind}/flows{query}")).await;
            assert_eq!((reply.status, &reply.json), (404, &expected));
        }
        let path = format!("/self-service/{kind}?flow={UNKNOWN}");
        let reply = world.post(&path, json!({})).await;
        assert_eq!((reply.status, &reply.json), (404, &expected));
    }
}

#[tokio::test]
async fn a_flow_is_of_one_kind() {
    let world = World::new().await;
    let flow = world.start("login").await;
    let path = format!("/self-service/registration?flow={flow}");
    assert_eq!(world.post(&path, registration(EMAIL, PASSWORD)).await.status, 404);
    let path = format!("/self-service/registration/flows?id={flow}");
    assert_eq!(world.get(&path).await.status, 404);
    assert_eq!(world.get(&format!("/self-service/login/flows?id={flow}")).await.status, 200);
}

#[tokio::test]
async fn a_form_names_its_flow() {
    let world = World::new().await;
    let expected = json!({ "error": {
        "code": 400,
        "status": "Bad Request",
        "reason": "The flow query parameter is missing or malformed.",
        "message": "The request was malformed or contained invalid parameters",
    } });
    for kind in ["registration", "login"] {
        for query in ["", "?flow=", "?flow=42", "?Flow=x", "?id=x"] {
            let reply = world.post(&format!("/self-service/{kind}{query}"), json!({})).await;
            assert_eq!((reply.status, &reply.json), (400, &expected), "{kind}{query}");
        }
    }
}

#[tokio::test]
async fn a_started_flow_can_be_looked_at() {
    let world = World::new().await;
    for kind in ["registration", "login"] {
        let started = world.get(&format!("/self-service/{kind}/api")).await;
        let id = started.json["id"].as_str().unwrap();
        let shown = world.get(&format!("/self-service/{kind}/flows?id={id}")).await;
        assert_eq!((shown.status, shown.json), (200, started.json));
    }
}

#[tokio::test]
async fn a_flow_is_over_after_an_hour() {
    let world = World::new().await;
    let flow = world.start("login").await;
    let path = format!("/self-service/login/flows?id={flow}");
    world.advance(HOUR - Duration::from_millis(1));
    assert_eq!(world.get(&path).await.status, 200);
    world.advance(Duration::from_millis(1));
    let reply = world.get(&path).await;
    let expected = json!({ "error": {
        "id": "self_service_flow_expired",
        "code": 410,
        "status": "Gone",
        "reason": "The login flow has expired. Call the login flow init API endpoint to \
                   initialize a new login flow.",
        "details": { "api": "http://localhost:3000/self-service/login/api" },
        "message": "The requested resource is no longer available because it has expired or is \
                    otherwise invalid",
    } });
    assert_eq!((reply.status, reply.json), (410, expected));
}

#[tokio::test]
async fn a_form_that_comes_too_late_gets_a_new_flow() {
    let world = World::new().await;
    for (kind, id) in [("registration", 4_040_001), ("login", 4_010_001)] {
        let flow = world.start(kind).await;
        world.advance(HOUR + Duration::from_secs(90));
        let path = format!("/self-service/{kind}?flow={flow}");
        let reply = world.post(&path, registration(EMAIL, PASSWORD)).await;
        let next = reply.json["use_flow_id"].as_str().unwrap();
        let expired_at = &reply.json["expired_at"];
        let expected = json!({
            "error": {
                "id": "self_service_flow_expired",
                "code": 410,
                "status": "Gone",
                "reason": "The self-service flow expired 1.50 minutes ago, initialize a new one.",
                "message": "self-service flow expired",
            },
            "expired_at": expired_at,
            "since": 90_000_000_000_u64,
            "use_flow_id": next,
        });
        assert_eq!((reply.status, &reply.json), (410, &expected));

        let shown = world.get(&format!("/self-service/{kind}/flows?id={next}")).await;
        let message = &shown.json["ui"]["messages"][0];
        let text = format!("The {kind} flow expired 1.50 minutes ago, please try again.");
        let unix = message["context"]["expired_at_unix"].as_i64().unwrap();
        assert!(unix > 1_714_003_000);
        let expected = json!({
            "id": id,
            "text": text,
            "type": "error",
            "context": { "expired_at": expired_at, "expired_at_unix": unix },
        });
        assert_eq!(message, &expected);
    }
    assert_eq!(world.count("users").await, 0);
}

#[tokio::test]
async fn the_new_flow_works() {
    let world = World::new().await;
    world.signed_in().await;
    let flow = world.start("login").await;
    world.advance(HOUR);
    let late =
        world.post(&format!("/self-service/login?flow={flow}"), credentials(EMAIL, PASSWORD)).await;
    let next = late.json["use_flow_id"].as_str().unwrap();
    let path = format!("/self-service/login?flow={next}");
    assert_eq!(world.post(&path, credentials(EMAIL, PASSWORD)).await.status, 200);
}

#[tokio::test]
async fn an_overlong_first_request_is_kept_without_its_query() {
    let world = World::new().await;
    let path = format!("/self-service/login/api?return_to={}", "x".repeat(3000));
    let reply = world.get(&path).await;
    let url = "http://localhost:3000/self-service/login/api";
    assert_eq!(reply.json["request_url"], url);
}
