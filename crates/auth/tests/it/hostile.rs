//! Requests that no client of ours would send: each is a 4xx, and nothing comes of it.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::world::{
    EMAIL, PASSWORD, Reply, World, credentials, field_messages, form_messages, node, registration,
};

/// Submits `body` to a fresh registration, which must come to nothing.
async fn refused(world: &World, body: Value) -> Reply {
    let reply = world.submit("registration", body).await;
    assert_eq!(reply.status, 400, "{reply:?}");
    for table in ["identities", "users", "sessions"] {
        assert_eq!(world.count(table).await, 0, "{table}");
    }
    reply
}

#[tokio::test]
async fn a_value_of_another_type_is_named() {
    let world = World::new().await;
    for (value, name) in [
        (json!(null), "null"),
        (json!(true), "boolean"),
        (json!(12_345_678), "number"),
        (json!(["correct horse"]), "array"),
        (json!({ "a": "b" }), "object"),
    ] {
        let expected = json!([{
            "id": 4_000_026,
            "text": format!("expected string, but got {name}"),
            "type": "error",
            "context": { "allowed_types": ["string"], "actual_type": name },
        }]);
        let mut body = registration(EMAIL, PASSWORD);
        body["password"] = value.clone();
        let reply = refused(&world, body).await;
        assert_eq!(node(&reply, "password")["messages"], expected);
        let mut body = registration(EMAIL, PASSWORD);
        body["traits"]["email"] = value;
        let reply = refused(&world, body).await;
        assert_eq!(node(&reply, "traits.email")["messages"], expected);
    }
}

#[tokio::test]
async fn traits_are_an_object() {
    let world = World::new().await;
    for value in [json!(null), json!("ada@example.com"), json!([{ "email": EMAIL }])] {
        let mut body = registration(EMAIL, PASSWORD);
        body["traits"] = value;
        let reply = refused(&world, body).await;
        assert_eq!(field_messages(&reply, "traits"), [4_000_026]);
    }
}

#[tokio::test]
async fn unknown_fields_are_named() {
    let world = World::new().await;
    let mut body = registration(EMAIL, PASSWORD);
    body["role"] = json!("admin");
    body["traits"]["is_admin"] = json!(true);
    body["<script>"] = json!(1);
    let reply = refused(&world, body).await;
    let messages = reply.json["ui"]["messages"].as_array().unwrap();
    let mut texts: Vec<_> = messages.iter().map(|it| it["text"].as_str().unwrap()).collect();
    texts.sort_unstable();
    assert_eq!(
        texts,
        [
            "additionalProperties \"(unprintable)\" not allowed",
            "additionalProperties \"is_admin\" not allowed",
            "additionalProperties \"role\" not allowed",
        ]
    );
    let mut body = credentials(EMAIL, PASSWORD);
    body["aal"] = json!("aal3");
    let reply = world.submit("login", body).await;
    assert_eq!((reply.status, form_messages(&reply)), (400, vec![4_000_001]));
}

#[tokio::test]
async fn of_very_many_unknown_fields_a_few_are_named() {
    let world = World::new().await;
    let mut body = registration(EMAIL, PASSWORD);
    for number in 0..50_000 {
        body[format!("f{number}")] = json!(1);
    }
    let reply = refused(&world, body).await;
    assert_eq!(form_messages(&reply), [4_000_001; 16]);
}

#[tokio::test]
async fn odd_addresses_are_refused() {
    let world = World::new().await;
    for email in ["a", "a b@c.de", "a@b", "a@@b.c", "a@b.c\u{0}d", "a@b.c\r\nBcc: x@y.z", "@"] {
        let reply = refused(&world, registration(email, PASSWORD)).await;
        assert_eq!(field_messages(&reply, "traits.email"), [4_000_001], "{email:?}");
    }
    let long = format!("{}@example.com", "a".repeat(300));
    let reply = refused(&world, registration(&long, PASSWORD)).await;
    let expected = json!([{
        "id": 4_000_017,
        "text": "length must be <= 254, but got 312",
        "type": "error",
        "context": { "max_length": 254, "actual_length": 312 },
    }]);
    assert_eq!(node(&reply, "traits.email")["messages"], expected);
    assert_eq!(node(&reply, "traits.email")["attributes"].get("value"), None);
}

#[tokio::test]
async fn odd_passwords_are_measured_not_guessed() {
    let world = World::new().await;
    let too_long = refused(&world, registration(EMAIL, &"x".repeat(129))).await;
    assert_eq!(field_messages(&too_long, "password"), [4_000_033]);
    let huge = refused(&world, registration(EMAIL, &"x".repeat(1_000_000))).await;
    assert_eq!(field_messages(&huge, "password"), [4_000_033]);
    let empty = refused(&world, registration(EMAIL, "")).await;
    assert_eq!(field_messages(&empty, "password"), [4_000_002]);
    let family = "👩‍👩‍👧‍👦\u{0}\u{202e}密码 ";
    let reply = world.submit("registration", registration(EMAIL, family)).await;
    assert_eq!(reply.status, 200);
    assert_eq!(world.submit("login", credentials(EMAIL, family)).await.status, 200);
}

#[tokio::test]
async fn a_huge_password_does_not_sign_in() {
    let world = World::new().await;
    world.signed_in().await;
    let reply = world.submit("login", credentials(EMAIL, &"x".repeat(1_000_000))).await;
    assert_eq!((reply.status, form_messages(&reply)), (400, vec![4_000_006]));
}

#[tokio::test]
async fn what_is_no_json_object_is_refused() {
    let world = World::new().await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for kind in ["registration", "login"] {
        let path = format!("/self-service/{kind}?flow={}", world.start(kind).await);
        for body in ["", "{", "null", "[]", "\"x\"", "{\"a\": 1,}", &deep] {
            let reply = world.send_json(Method::POST, &path, body.to_owned()).await;
            assert_eq!(reply.status, 400, "{body}");
            let error = &reply.json["error"];
            assert_eq!((&error["code"], &error["status"]), (&json!(400), &json!("Bad Request")));
            let reason = error["reason"].as_str().unwrap();
            assert!(reason.starts_with("Unable to decode JSON payload: "), "{reason}");
        }
    }
}

#[tokio::test]
async fn only_json_is_read_and_only_so_much() {
    let world = World::new().await;
    let path = format!("/self-service/login?flow={}", world.start("login").await);
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        let request = Request::post(&path).header("content-type", kind);
        let reply = world.send(request.body(Body::from("{}")).unwrap()).await;
        assert_eq!((reply.status, &reply.json["error"]["code"]), (415, &json!(415)), "{kind}");
    }
    let reply = world.send(Request::post(&path).body(Body::from("{}")).unwrap()).await;
    assert_eq!(reply.status, 415);
    let body = credentials(EMAIL, &"x".repeat(1024 * 1024)).to_string();
    // the edge says so, before there is anything that speaks as Kratos does
    let reply = world.send_json(Method::POST, &path, body).await;
    assert_eq!((reply.status, &reply.json["statusCode"]), (413, &json!(413)));
}

#[tokio::test]
async fn sql_in_a_field_is_text() {
    let world = World::new().await;
    world.signed_in().await;
    let attack = "x' or '1'='1";
    let reply = world.submit("login", credentials(attack, attack)).await;
    assert_eq!(form_messages(&reply), [4_000_006]);
    let reply = world.register("x');drop/**/table/**/users;--@example.com").await;
    assert_eq!(reply.status, 200);
    assert_eq!(world.count("users").await, 2);
}
