//! Signing up.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::world::{
    EMAIL, PASSWORD, World, credentials, field_messages, form_messages, node, registration,
    token_of,
};

#[tokio::test]
async fn a_registration_starts_with_an_empty_form() {
    let world = World::new().await;
    let reply = world.get("/self-service/registration/api?return_to=/tickets").await;
    assert_eq!(reply.status, 200);
    let cache = &reply.headers["cache-control"];
    assert_eq!(cache, "private, no-cache, no-store, must-revalidate");
    let id = reply.json["id"].as_str().unwrap();
    let expected = json!({
        "id": id,
        "organization_id": null,
        "type": "api",
        "expires_at": "2024-04-25T00:06:40.120Z",
        "issued_at": "2024-04-24T23:06:40.120Z",
        "request_url":
            "http://localhost:3000/self-service/registration/api?return_to=/tickets",
        "ui": {
            "action": format!("http://localhost:3000/self-service/registration?flow={id}"),
            "method": "POST",
            "nodes": empty_nodes(),
        },
        "state": "choose_method",
    });
    assert_eq!(reply.json, expected);
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
                "name": "traits.email", "type": "email", "required": true,
                "autocomplete": "email", "disabled": false, "node_type": "input"
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
                "autocomplete": "new-password", "disabled": false, "node_type": "input"
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
            "meta": { "label": { "id": 1_040_001, "text": "Sign up", "type": "info" } }
        }
    ])
}

#[tokio::test]
async fn who_registers_is_signed_in() {
    let world = World::new().await;
    let reply = world.register("Ada@Example.com").await;
    assert_eq!(reply.status, 200);
    let token = token_of(&reply);
    assert_eq!(token.len(), "ory_st_".len() + 43);
    let session = &reply.json["session"];
    let identity = &session["identity"];
    let now = "2024-04-24T23:06:40.120Z";
    let expected = json!({
        "session_token": token,
        "session": {
            "id": session["id"],
            "active": true,
            "expires_at": "2024-04-25T23:06:40.120Z",
            "authenticated_at": now,
            "authenticator_assurance_level": "aal1",
            "authentication_methods":
                [{ "method": "password", "aal": "aal1", "completed_at": now }],
            "issued_at": now,
            "identity": identity,
            "devices": [],
        },
        "identity": {
            "id": identity["id"],
            "schema_id": "default",
            "schema_url": "http://localhost:3000/schemas/ZGVmYXVsdA",
            "state": "active",
            "state_changed_at": now,
            "traits": { "email": EMAIL },
            "metadata_public": { "id": identity["metadata_public"]["id"] },
            "created_at": now,
            "updated_at": now,
            "organization_id": null,
        },
        "continue_with": [{ "action": "set_ory_session_token", "ory_session_token": token }],
    });
    assert_eq!(reply.json, expected);
    assert_eq!(world.whoami(&token).await.json, *session);
    for id in [&session["id"], &identity["id"], &identity["metadata_public"]["id"]] {
        assert_eq!(id.as_str().unwrap().len(), 36);
    }
}

#[tokio::test]
async fn the_schema_is_where_the_identity_says() {
    let world = World::new().await;
    for id in ["ZGVmYXVsdA", "default"] {
        let reply = world.get(&format!("/schemas/{id}")).await;
        assert_eq!(reply.status, 200);
        let email = &reply.json["properties"]["traits"]["properties"]["email"];
        assert_eq!(email["title"], "E-Mail");
        assert_eq!(email["maxLength"], 254);
    }
    assert_eq!(world.get("/schemas/other").await.status, 404);
}

#[tokio::test]
async fn a_completed_flow_is_gone() {
    let world = World::new().await;
    let flow = world.start("registration").await;
    let path = format!("/self-service/registration?flow={flow}");
    assert_eq!(world.post(&path, registration(EMAIL, PASSWORD)).await.status, 200);
    let again = world.post(&path, registration("other@example.com", PASSWORD)).await;
    assert_eq!(again.status, 404);
    assert_eq!((world.count("flows").await, world.count("users").await), (0, 1));
}

#[tokio::test]
async fn a_flat_trait_and_kratos_own_fields_are_taken() {
    let world = World::new().await;
    let body = json!({
        "method": "password", "password": PASSWORD, "traits.email": EMAIL,
        "csrf_token": "x", "transient_payload": { "a": 1 }
    });
    assert_eq!(world.submit("registration", body).await.status, 200);
}

#[tokio::test]
async fn an_email_is_taken_in_every_case() {
    let world = World::new().await;
    world.signed_in().await;
    let reply = world.register(" ADA@EXAMPLE.COM ").await;
    assert_eq!(reply.status, 400);
    let text = "You can't sign up with these details. If you have an account, sign in; otherwise \
                try another e-mail address.";
    let expected = json!([{
        "id": 4_000_001, "text": text, "type": "error", "context": { "reason": text },
    }]);
    assert_eq!(reply.json["ui"]["messages"], expected);
    assert_eq!(node(&reply, "traits.email")["attributes"]["value"], EMAIL);
    assert_eq!(node(&reply, "password")["attributes"].get("value"), None);
    let rows = ["identities", "users", "sessions"];
    for table in rows {
        assert_eq!(world.count(table).await, 1, "{table}");
    }
}

#[tokio::test]
async fn of_many_at_once_one_gets_the_email() {
    let world = Arc::new(World::new().await);
    let mut racers = JoinSet::new();
    for number in 0..20 {
        let world = Arc::clone(&world);
        let email = if number % 2 == 0 { EMAIL } else { "ADA@example.com" };
        racers.spawn(async move { world.register(email).await });
    }
    let replies = racers.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 19));
    assert!(lost.iter().all(|reply| reply.status == 400 && form_messages(reply) == [4_000_001]));
    for table in ["identities", "users", "sessions"] {
        assert_eq!(world.count(table).await, 1, "{table}");
    }
}

#[tokio::test]
async fn of_many_submissions_of_one_flow_one_completes_it() {
    let world = Arc::new(World::new().await);
    let path = format!("/self-service/registration?flow={}", world.start("registration").await);
    let mut racers = JoinSet::new();
    for number in 0..10 {
        let (world, path) = (Arc::clone(&world), path.clone());
        let body = registration(&format!("user{number}@example.com"), PASSWORD);
        racers.spawn(async move { world.post(&path, body).await.status });
    }
    let mut statuses = racers.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [&[200][..], &[404; 9]].concat());
    assert_eq!(world.count("users").await, 1);
}

#[tokio::test]
async fn every_fault_is_told_at_its_field() {
    let world = World::new().await;
    let reply = world.submit("registration", registration("ada@", "1234567")).await;
    assert_eq!(reply.status, 400);
    assert_eq!(node(&reply, "traits.email")["attributes"]["value"], "ada@");
    let email = json!([{
        "id": 4_000_001,
        "text": "\"ada@\" is not valid \"email\"",
        "type": "error",
        "context": { "reason": "\"ada@\" is not valid \"email\"" },
    }]);
    assert_eq!(node(&reply, "traits.email")["messages"], email);
    let password = json!([{
        "id": 4_000_032,
        "text": "The password must be at least 8 characters long, but got 7.",
        "type": "error",
        "context": { "min_length": 8, "actual_length": 7 },
    }]);
    assert_eq!(node(&reply, "password")["messages"], password);
    assert_eq!(reply.json["ui"].get("messages"), None);
    assert!(!reply.json.to_string().contains("1234567"));
}

#[tokio::test]
async fn a_refused_form_is_kept_and_can_be_corrected() {
    let world = World::new().await;
    let flow = world.start("registration").await;
    let path = format!("/self-service/registration?flow={flow}");
    let refused = world.post(&path, registration("ada@", PASSWORD)).await;
    let shown = world.get(&format!("/self-service/registration/flows?id={flow}")).await;
    assert_eq!((refused.status, shown.status), (400, 200));
    assert_eq!(refused.json, shown.json);
    assert_eq!(world.post(&path, registration(EMAIL, PASSWORD)).await.status, 200);
}

#[tokio::test]
async fn missing_fields_are_named() {
    let world = World::new().await;
    for traits in [json!(null), json!({}), json!({ "email": "" })] {
        let mut body = json!({ "method": "password" });
        if !traits.is_null() {
            body["traits"] = traits;
        }
        let reply = world.submit("registration", body).await;
        assert_eq!(reply.status, 400);
        let missing = |property: &str| {
            json!([{
                "id": 4_000_002,
                "text": format!("Property {property} is missing."),
                "type": "error",
                "context": { "property": property },
            }])
        };
        assert_eq!(node(&reply, "traits.email")["messages"], missing("email"));
        assert_eq!(node(&reply, "password")["messages"], missing("password"));
    }
}

#[tokio::test]
async fn the_password_policy_counts_characters() {
    let world = World::new().await;
    let submit = |email: &'static str, password: String| {
        world.submit("registration", registration(email, &password))
    };
    assert_eq!(submit("a@example.com", "éàüñøčžł".to_owned()).await.status, 200);
    assert_eq!(submit("b@example.com", "é".repeat(128)).await.status, 200);
    let long = submit("c@example.com", "é".repeat(129)).await;
    let expected = json!([{
        "id": 4_000_033,
        "text": "The password must be at most 128 characters long, but got 129.",
        "type": "error",
        "context": { "max_length": 128, "actual_length": 129 },
    }]);
    assert_eq!(node(&long, "password")["messages"], expected);
    assert_eq!(
        field_messages(&submit("d@example.com", "é".repeat(7)).await, "password"),
        [4_000_032]
    );
    let signed_in = world.submit("login", credentials("b@example.com", &"é".repeat(128))).await;
    assert_eq!(signed_in.status, 200);
}

#[tokio::test]
async fn another_method_is_no_way_to_sign_up() {
    let world = World::new().await;
    for method in [json!("oidc"), json!(null), json!(1)] {
        let mut body = registration(EMAIL, PASSWORD);
        body["method"] = method;
        let reply = world.submit("registration", body).await;
        assert_eq!(reply.status, 400);
        let expected = json!([{
            "id": 4_010_003,
            "text": "Could not find a strategy to sign you up with. Did you fill out the form \
                     correctly?",
            "type": "error",
        }]);
        assert_eq!(reply.json["ui"]["messages"], expected);
    }
}
