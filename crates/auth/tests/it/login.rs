//! Signing in.

use serde_json::{Value, json};

use crate::world::{EMAIL, PASSWORD, World, credentials, form_messages, node, token_of};

#[tokio::test]
async fn a_login_starts_with_an_empty_form() {
    let world = World::new().await;
    let reply = world.get("/self-service/login/api").await;
    assert_eq!(reply.status, 200);
    let id = reply.json["id"].as_str().unwrap();
    let now = "2024-04-24T23:06:40.120Z";
    let mut flow = reply.json.clone();
    let nodes = flow["ui"]["nodes"].take();
    let expected = json!({
        "id": id,
        "organization_id": null,
        "type": "api",
        "expires_at": "2024-04-25T00:06:40.120Z",
        "issued_at": now,
        "request_url": "http://localhost:3000/self-service/login/api",
        "ui": {
            "action": format!("http://localhost:3000/self-service/login?flow={id}"),
            "method": "POST",
            "nodes": null,
        },
        "created_at": now,
        "updated_at": now,
        "refresh": false,
        "requested_aal": "aal1",
        "state": "choose_method",
    });
    assert_eq!(flow, expected);
    assert_eq!(nodes, empty_nodes());
}

fn empty_nodes() -> Value {
    json!([
        {
            "type": "input",
            "group": "default",
            "attributes": {
                "name": "csrf_token", "type": "hidden", "value": "", "required": true,
                "disabled": false, "node_type": "input"
            },
            "messages": [],
            "meta": {}
        },
        {
            "type": "input",
            "group": "default",
            "attributes": {
                "name": "identifier", "type": "text", "value": "", "required": true,
                "disabled": false, "node_type": "input"
            },
            "messages": [],
            "meta": { "label": {
                "id": 1_070_002, "text": "E-Mail", "type": "info",
                "context": { "title": "E-Mail" }
            } }
        },
        {
            "type": "input",
            "group": "password",
            "attributes": {
                "name": "password", "type": "password", "required": true,
                "autocomplete": "current-password", "disabled": false, "node_type": "input"
            },
            "messages": [],
            "meta": { "label": { "id": 1_070_001, "text": "Password", "type": "info" } }
        },
        {
            "type": "input",
            "group": "password",
            "attributes": {
                "name": "method", "type": "submit", "value": "password",
                "disabled": false, "node_type": "input"
            },
            "messages": [],
            "meta": { "label": {
                "id": 1_010_022, "text": "Sign in with password", "type": "info"
            } }
        }
    ])
}

#[tokio::test]
async fn who_knows_the_password_is_signed_in() {
    let world = World::new().await;
    let first = world.signed_in().await;
    for identifier in [EMAIL, "ADA@Example.com", " ada@example.com "] {
        let reply = world.submit("login", credentials(identifier, PASSWORD)).await;
        assert_eq!(reply.status, 200);
        let token = token_of(&reply);
        assert_ne!(token, first);
        let session = world.whoami(&token).await.json;
        assert_eq!(reply.json, json!({ "session_token": token, "session": session }));
        assert_eq!(session["identity"], world.whoami(&first).await.json["identity"]);
    }
    assert_eq!((world.count("sessions").await, world.count("flows").await), (4, 0));
}

/// Nobody learns from the answer whether an address is registered.
#[tokio::test]
async fn a_wrong_password_and_an_unknown_email_are_answered_alike() {
    let world = World::new().await;
    world.signed_in().await;
    let expected = json!([{
        "id": 4_000_006,
        "text": "The provided credentials are invalid, check for spelling mistakes in your \
                 password or username, email address, or phone number.",
        "type": "error",
    }]);
    for (identifier, password) in [
        (EMAIL, "wrong horse"),
        (EMAIL, "x"),
        ("bob@example.com", PASSWORD),
        ("not an address", PASSWORD),
    ] {
        let reply = world.submit("login", credentials(identifier, password)).await;
        assert_eq!(reply.status, 400);
        assert_eq!(reply.json["ui"]["messages"], expected);
        assert_eq!(node(&reply, "identifier")["attributes"]["value"], identifier);
        assert_eq!(node(&reply, "password")["attributes"].get("value"), None);
    }
    assert_eq!(world.count("sessions").await, 1);
}

#[tokio::test]
async fn a_password_is_compared_as_it_is() {
    let world = World::new().await;
    world.signed_in().await;
    for password in [" correct horse", "Correct horse", "correct horse\0"] {
        let reply = world.submit("login", credentials(EMAIL, password)).await;
        assert_eq!(form_messages(&reply), [4_000_006], "{password:?}");
    }
}

#[tokio::test]
async fn another_method_is_no_way_to_sign_in() {
    let world = World::new().await;
    world.signed_in().await;
    let mut body = credentials(EMAIL, PASSWORD);
    body["method"] = json!("code");
    let reply = world.submit("login", body).await;
    assert_eq!(reply.status, 400);
    let expected = json!([{
        "id": 4_010_002,
        "text": "Could not find a strategy to log you in with. Did you fill out the form \
                 correctly?",
        "type": "error",
    }]);
    assert_eq!(reply.json["ui"]["messages"], expected);
}

#[tokio::test]
async fn missing_fields_are_named() {
    let world = World::new().await;
    let reply = world.submit("login", json!({ "method": "password" })).await;
    assert_eq!(reply.status, 400);
    for field in ["identifier", "password"] {
        let expected = json!([{
            "id": 4_000_002,
            "text": format!("Property {field} is missing."),
            "type": "error",
            "context": { "property": field },
        }]);
        assert_eq!(node(&reply, field)["messages"], expected);
    }
}
