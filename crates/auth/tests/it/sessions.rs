//! Being known again, and signing out.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::{EMAIL, PASSWORD, World, credentials, token_of};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn unauthorized() -> Value {
    json!({ "error": {
        "code": 401,
        "status": "Unauthorized",
        "reason": "No valid session credentials found in the request.",
        "message": "The request could not be authorized",
    } })
}

#[tokio::test]
async fn a_session_is_known_by_its_token_wherever_it_stands() {
    let world = World::new().await;
    let token = world.signed_in().await;
    let expected = world.whoami(&token).await.json;
    assert_eq!(expected["active"], true);
    for (header, value) in [
        ("x-session-token", token.clone()),
        ("authorization", format!("Bearer {token}")),
        ("cookie", format!("theme=dark; ory_kratos_session={token}")),
    ] {
        let reply = world.get_with("/sessions/whoami", header, &value).await;
        assert_eq!((reply.status, &reply.json), (200, &expected), "{header}");
        let identity_id = &reply.headers["x-kratos-authenticated-identity-id"];
        assert_eq!(identity_id, expected["identity"]["id"].as_str().unwrap());
    }
}

#[tokio::test]
async fn nobody_is_known_by_another_token() {
    let world = World::new().await;
    let token = world.signed_in().await;
    let unknown = format!("ory_st_{}", "A".repeat(43));
    let cut = &token[..token.len() - 1];
    let long = format!("{token}A");
    let huge = "x".repeat(8000);
    for other in ["", "ory_st_", "x", &unknown, cut, &long, &huge, "' or 1=1 --"] {
        let reply = world.whoami(other).await;
        assert_eq!((reply.status, reply.json), (401, unauthorized()), "{other}");
    }
    let reply = world.get("/sessions/whoami").await;
    assert_eq!((reply.status, reply.json), (401, unauthorized()));
}

#[tokio::test]
async fn a_session_ends_after_a_day() {
    let world = World::new().await;
    let token = world.signed_in().await;
    let sessions = world.auth.sessions();
    world.advance(DAY - Duration::from_millis(1));
    assert_eq!(world.whoami(&token).await.status, 200);
    assert!(sessions.whoami(&token).await.unwrap().is_some());
    world.advance(Duration::from_millis(1));
    assert_eq!(world.whoami(&token).await.status, 401);
    assert_eq!(sessions.whoami(&token).await.unwrap(), None);
}

#[tokio::test]
async fn signing_out_ends_one_session_and_no_other() {
    let world = World::new().await;
    let first = world.signed_in().await;
    let second = token_of(&world.submit("login", credentials(EMAIL, PASSWORD)).await);
    let reply = world.sign_out(&first).await;
    assert_eq!((reply.status, reply.json), (204, Value::Null));
    assert_eq!(world.whoami(&first).await.status, 401);
    assert_eq!(world.auth.sessions().whoami(&first).await.unwrap(), None);
    assert_eq!(world.whoami(&second).await.status, 200);
    assert_eq!(world.sign_out(&first).await.status, 204, "a repeated request is a success");
}

#[tokio::test]
async fn an_unknown_token_is_not_signed_out() {
    let world = World::new().await;
    let expected = json!({ "error": {
        "code": 403,
        "status": "Forbidden",
        "reason": "The provided Ory Session Token could not be found, is invalid, or otherwise \
                   malformed.",
        "message": "The requested action was forbidden",
    } });
    let unknown = format!("ory_st_{}", "A".repeat(43));
    for token in [json!(unknown), json!(""), json!("x"), json!(null), json!(7), json!(["x"])] {
        let body = json!({ "session_token": token }).to_string();
        let reply = world.send_json(Method::DELETE, "/self-service/logout/api", body).await;
        assert_eq!((reply.status, &reply.json), (403, &expected), "{token}");
    }
    let reply = world.send_json(Method::DELETE, "/self-service/logout/api", "{".to_owned()).await;
    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn the_current_user_is_the_one_who_signed_in() {
    let world = World::new().await;
    let token = world.signed_in().await;
    let identity = world.whoami(&token).await.json["identity"].take();
    let bearer = format!("Bearer {token}");
    let reply = world.get_with("/api/users/current-user", "authorization", &bearer).await;
    let expected = json!({
        "id": identity["metadata_public"]["id"],
        "email": EMAIL,
        "identityId": identity["id"],
    });
    assert_eq!((reply.status, reply.json), (200, expected));
}

#[tokio::test]
async fn without_a_session_there_is_no_current_user() {
    let world = World::new().await;
    let reply = world.get("/api/users/current-user?a=b").await;
    assert_eq!(reply.status, 401);
    assert_eq!(reply.headers["content-type"], "application/problem+json");
    assert_eq!(reply.json["type"], "/errors/not-signed-in");
    assert_eq!(reply.json["path"], "/api/users/current-user?a=b");
    let reply = world.send_json(Method::POST, "/api/users/current-user", String::new()).await;
    assert_eq!((reply.status, &reply.json["name"]), (405, &json!("ErrorResponse")));
}

#[tokio::test]
async fn the_port_tells_who_it_is() {
    let world = World::new().await;
    let token = world.signed_in().await;
    let session = world.whoami(&token).await.json;
    let signed_in = world.auth.sessions().whoami(&token).await.unwrap().unwrap();
    assert_eq!(signed_in.email, EMAIL);
    let [session_id, identity_id, user_id] =
        [&session["id"], &session["identity"]["id"], &session["identity"]["metadata_public"]["id"]];
    assert_eq!(session_id, &json!(signed_in.session_id));
    assert_eq!(identity_id, &json!(signed_in.identity_id));
    assert_eq!(user_id, &json!(signed_in.user_id));
}
