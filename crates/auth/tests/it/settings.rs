//! Changing one's password.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::browser::{Browser, csrf_of, location_of};
use crate::world::{
    EMAIL, PASSWORD, Reply, World, credentials, field_messages, form_messages, node, token_of,
};

const NEW: &str = "another good horse";
const QUARTER: Duration = Duration::from_secs(15 * 60);

/// Starts a native client's flow to change settings.
async fn start(world: &World, token: &str) -> Reply {
    world.get_with("/self-service/settings/api", "x-session-token", token).await
}

/// Submits `body` for the flow with `id`, as whom `token` is of.
async fn submit(world: &World, id: &Value, token: &str, body: &Value) -> Reply {
    let path = format!("/self-service/settings?flow={}", id.as_str().unwrap());
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"));
    world.send(request.body(Body::from(body.to_string())).unwrap()).await
}

fn change(password: &str) -> Value {
    json!({ "method": "password", "password": password })
}

async fn change_to(world: &World, token: &str, password: &str) -> Reply {
    let flow = start(world, token).await;
    submit(world, &flow.json["id"], token, &change(password)).await
}

#[tokio::test]
async fn settings_start_with_a_form_for_a_password() {
    let world = World::new().await;
    let token = world.signed_in().await;
    let flow = start(&world, &token).await;
    let id = flow.json["id"].as_str().unwrap();
    let input = |name: &str, kind: &str| {
        let is_disabled = false;
        json!({ "name": name, "type": kind, "disabled": is_disabled, "node_type": "input" })
    };
    let mut csrf = input("csrf_token", "hidden");
    (csrf["value"], csrf["required"]) = (json!(""), json!(true));
    let mut password = input("password", "password");
    (password["autocomplete"], password["required"]) = (json!("new-password"), json!(true));
    let mut method = input("method", "submit");
    method["value"] = json!("password");
    let node = |group: &str, attributes: Value, meta: Value| {
        json!({ "type": "input", "group": group, "attributes": attributes, "messages": [],
                "meta": meta })
    };
    let label =
        |id: u32, text: &str| json!({ "label": { "id": id, "text": text, "type": "info" } });
    let expected = json!({
        "id": id,
        "organization_id": null,
        "type": "api",
        "expires_at": "2024-04-25T00:06:40.120Z",
        "issued_at": "2024-04-24T23:06:40.120Z",
        "request_url": "http://localhost:3000/self-service/settings/api",
        "ui": {
            "action": format!("http://localhost:3000/self-service/settings?flow={id}"),
            "method": "POST",
            "nodes": [
                node("default", csrf, json!({})),
                node("password", password, label(1_070_001, "Password")),
                node("password", method, label(1_070_003, "Save")),
            ],
        },
        "identity": world.whoami(&token).await.json["identity"],
        "state": "show_form",
    });
    assert_eq!((flow.status, &flow.json), (200, &expected));
    let path = format!("/self-service/settings/flows?id={id}");
    let shown = world.get_with(&path, "x-session-token", &token).await;
    assert_eq!(shown.json, expected);
}

#[tokio::test]
async fn another_password_ends_every_other_session() {
    let world = World::new().await;
    let token = world.signed_in().await;
    let others = [
        token_of(&world.submit("login", credentials(EMAIL, PASSWORD)).await),
        token_of(&world.submit("login", credentials(EMAIL, PASSWORD)).await),
    ];
    let bystander = token_of(&world.register("bob@example.com").await);
    let reply = change_to(&world, &token, NEW).await;
    assert_eq!((reply.status, &reply.json["state"]), (200, &json!("success")));
    let saved = json!([{
        "id": 1_050_001, "text": "Your changes have been saved!", "type": "success"
    }]);
    assert_eq!(reply.json["ui"]["messages"], saved);
    assert!(!reply.json.to_string().contains(NEW));
    assert_eq!(world.whoami(&token).await.status, 200);
    assert_eq!(world.whoami(&bystander).await.status, 200);
    for other in &others {
        assert_eq!(world.whoami(other).await.status, 401);
        assert_eq!(world.auth.sessions().whoami(other).await.unwrap(), None);
    }
    let old = world.submit("login", credentials(EMAIL, PASSWORD)).await;
    assert_eq!((old.status, form_messages(&old)), (400, vec![4_000_006]));
    assert_eq!(world.submit("login", credentials(EMAIL, NEW)).await.status, 200);
}

#[tokio::test]
async fn a_success_is_shown_but_not_repeated() {
    let world = World::new().await;
    let token = world.signed_in().await;
    let flow = start(&world, &token).await;
    let id = &flow.json["id"];
    let done = submit(&world, id, &token, &change(NEW)).await;
    let path = format!("/self-service/settings/flows?id={}", id.as_str().unwrap());
    assert_eq!(world.get_with(&path, "x-session-token", &token).await.json, done.json);
    assert_eq!(submit(&world, id, &token, &change("yet another horse")).await.status, 404);
    assert_eq!(world.submit("login", credentials(EMAIL, NEW)).await.status, 200);
}

#[tokio::test]
async fn a_password_shown_long_ago_is_asked_for_again() {
    let world = World::new().await;
    let token = world.signed_in().await;
    let flow = start(&world, &token).await;
    world.advance(QUARTER - Duration::from_millis(1));
    let weak = submit(&world, &flow.json["id"], &token, &change("password")).await;
    assert_eq!(weak.status, 400, "still privileged: only the password is wrong");
    world.advance(Duration::from_millis(1));
    let refused = submit(&world, &flow.json["id"], &token, &change(NEW)).await;
    let back = format!(
        "http%3A%2F%2Flocalhost%3A3000%2Fsettings%3Fflow%3D{}",
        flow.json["id"].as_str().unwrap()
    );
    let expected = json!({
        "error": {
            "id": "session_refresh_required",
            "code": 403,
            "status": "Forbidden",
            "reason": "The login session is too old and thus not allowed to update these fields. \
                       Please re-authenticate.",
            "message": "The requested action was forbidden",
        },
        "redirect_browser_to": format!(
            "http://localhost:3000/self-service/login/browser?refresh=true&return_to={back}"),
    });
    assert_eq!((refused.status, &refused.json), (403, &expected));

    let login =
        world.get_with("/self-service/login/api?refresh=true", "x-session-token", &token).await;
    let path = format!("/self-service/login?flow={}", login.json["id"].as_str().unwrap());
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("x-session-token", &token);
    let body = Body::from(credentials(EMAIL, PASSWORD).to_string());
    let shown = world.send(request.body(body).unwrap()).await;
    assert_eq!((shown.status, token_of(&shown)), (200, token.clone()), "the same session");
    assert_eq!(world.count("sessions").await, 1);
    assert_eq!(submit(&world, &flow.json["id"], &token, &change(NEW)).await.status, 200);
}

#[tokio::test]
async fn settings_are_their_owners() {
    let world = World::new().await;
    let token = world.signed_in().await;
    let stranger = token_of(&world.register("bob@example.com").await);
    let flow = start(&world, &token).await;
    let id = &flow.json["id"];
    let path = format!("/self-service/settings/flows?id={}", id.as_str().unwrap());
    for reply in [
        submit(&world, id, &stranger, &change(NEW)).await,
        world.get_with(&path, "x-session-token", &stranger).await,
    ] {
        assert_eq!(reply.status, 403);
        assert_eq!(reply.json["error"]["id"], "security_identity_mismatch");
    }
    for reply in [
        submit(&world, id, "made up", &change(NEW)).await,
        world.get(&path).await,
        world.get("/self-service/settings/api").await,
        world.get("/self-service/settings/browser").await,
    ] {
        assert_eq!((reply.status, &reply.json["error"]["id"]), (401, &json!("session_inactive")));
    }
    assert_eq!(world.submit("login", credentials(EMAIL, PASSWORD)).await.status, 200);
}

#[tokio::test]
async fn what_is_wrong_is_told_and_nothing_changes() {
    let world = World::new().await;
    let token = world.signed_in().await;
    let other = token_of(&world.submit("login", credentials(EMAIL, PASSWORD)).await);
    let flow = start(&world, &token).await;
    let id = &flow.json["id"];
    for (body, field, message) in [
        (change("1234567"), "password", 4_000_032),
        (change(""), "password", 4_000_002),
        (change("password1"), "password", 4_000_005),
        (change("ada@example.com"), "password", 4_000_031),
        (json!({ "method": "password", "password": 12 }), "password", 4_000_026),
    ] {
        let reply = submit(&world, id, &token, &body).await;
        assert_eq!((reply.status, field_messages(&reply, field)), (400, vec![message]), "{body}");
        assert_eq!(reply.json["state"], "show_form");
        assert_eq!(node(&reply, "password")["attributes"].get("value"), None);
    }
    for (body, message) in [
        (json!({ "method": "profile", "traits": { "email": "b@example.com" } }), 4_010_004),
        (json!({ "password": NEW }), 4_010_004),
        (json!({ "method": "password", "password": NEW, "email": "b@example.com" }), 4_000_001),
    ] {
        let reply = submit(&world, id, &token, &body).await;
        assert_eq!((reply.status, form_messages(&reply)), (400, vec![message]), "{body}");
    }
    assert_eq!(world.whoami(&other).await.status, 200);
    assert_eq!(world.submit("login", credentials(EMAIL, PASSWORD)).await.status, 200);
}

#[tokio::test]
async fn a_form_that_comes_too_late_gets_a_new_one() {
    let world = World::with(|options| options.privileged_for = Duration::from_secs(86_400)).await;
    let token = world.signed_in().await;
    let flow = start(&world, &token).await;
    world.advance(Duration::from_secs(3600));
    let late = submit(&world, &flow.json["id"], &token, &change(NEW)).await;
    assert_eq!(late.status, 410);
    let next = &late.json["use_flow_id"];
    let path = format!("/self-service/settings/flows?id={}", next.as_str().unwrap());
    let shown = world.get_with(&path, "x-session-token", &token).await;
    assert_eq!(form_messages(&shown), [4_050_001]);
    assert_eq!(submit(&world, next, &token, &change(NEW)).await.status, 200);
}

#[tokio::test]
async fn a_person_changes_the_password_on_a_page() {
    let world = World::new().await;
    world.signed_in().await;
    let mut browser = Browser::new(&world);
    let sent = browser.open("/self-service/settings/browser").await;
    let login = "http://localhost:3000/self-service/login/browser?return_to=\
                 http%3A%2F%2Flocalhost%3A3000%2Fself-service%2Fsettings%2Fbrowser";
    assert_eq!((sent.status, location_of(&sent)), (303, login), "first sign in");

    let mut browser = Browser::signed_in(&world).await;
    let mut other = Browser::signed_in(&world).await;
    let sent = browser.open("/self-service/settings/browser").await;
    let page = location_of(&sent).to_owned();
    let id = page.strip_prefix("http://localhost:3000/settings?flow=").unwrap();
    let path = format!("/self-service/settings/flows?id={id}");
    let flow = browser.script(&path).await;
    let fields = [("method", "password"), ("password", NEW)];

    world.advance(QUARTER);
    let refused = browser.post_form(&flow, &fields).await;
    let login = location_of(&refused).strip_prefix("http://localhost:3000").unwrap();
    assert!(login.starts_with("/self-service/login/browser?refresh=true&return_to="), "{login}");
    let login = browser.script(login).await;
    let shown = [("method", "password"), ("identifier", EMAIL), ("password", PASSWORD)];
    let back = browser.post_form(&login, &shown).await;
    assert_eq!((back.status, location_of(&back)), (303, page.as_str()));

    let stale = csrf_of(&flow);
    let flow = browser.script(&path).await;
    assert_eq!(flow.status, 403, "signing in made a new secret: {flow:?}");
    let sent = browser.open("/self-service/settings/browser").await;
    let id = location_of(&sent).rsplit('=').next().unwrap();
    let path = format!("/self-service/settings/flows?id={id}");
    let flow = browser.script(&path).await;
    assert_ne!(csrf_of(&flow), stale);
    let saved = browser.post_form(&flow, &fields).await;
    assert_eq!((saved.status, location_of(&saved)), (303, location_of(&sent)));
    let shown = browser.script(&path).await;
    assert_eq!((&shown.json["state"], form_messages(&shown)), (&json!("success"), vec![1_050_001]));
    assert_eq!(browser.whoami().await.status, 200);
    assert_eq!(other.whoami().await.status, 401);
}

#[tokio::test]
async fn a_page_of_somebody_else_changes_no_password() {
    let world = World::new().await;
    world.signed_in().await;
    let mut browser = Browser::signed_in(&world).await;
    let flow = browser.script("/self-service/settings/browser").await;
    let path = format!("/self-service/settings?flow={}", flow.json["id"].as_str().unwrap());
    let reply = browser.post_bare_form(&path, &[("method", "password"), ("password", NEW)]).await;
    assert_eq!(reply.json["error"]["id"], "security_csrf_violation");
    let json = [("content-type", "application/json")];
    let api = world
        .get_with(
            "/self-service/settings/api",
            "x-session-token",
            &browser.jar["ory_kratos_session"],
        )
        .await;
    let path = format!("/self-service/settings?flow={}", api.json["id"].as_str().unwrap());
    let reply = browser.send(Method::POST, &path, &json, change(NEW).to_string()).await;
    assert_eq!(reply.status, 400, "a native flow takes no cookie: {reply:?}");
    assert_eq!(world.submit("login", credentials(EMAIL, PASSWORD)).await.status, 200);
}

/// Whoever is second has no session any more.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_at_once_one_wins() {
    for _ in 0..10 {
        let world = Arc::new(World::new().await);
        let first = world.signed_in().await;
        let second = token_of(&world.submit("login", credentials(EMAIL, PASSWORD)).await);
        let mut flows = vec![start(&world, &second).await, start(&world, &first).await];
        let mut racers = JoinSet::new();
        for (token, password) in [(first, "the first horse"), (second, "the second horse")] {
            let (world, flow) = (Arc::clone(&world), flows.pop().unwrap());
            racers.spawn(async move {
                let reply = submit(&world, &flow.json["id"], &token, &change(password)).await;
                (reply.status, token, password)
            });
        }
        let (won, lost): (Vec<_>, Vec<_>) =
            racers.join_all().await.into_iter().partition(|(status, ..)| *status == 200);
        assert_eq!((won.len(), lost.len()), (1, 1));
        assert_eq!(lost[0].0, 401);
        assert_eq!(world.whoami(&won[0].1).await.status, 200);
        assert_eq!(world.whoami(&lost[0].1).await.status, 401);
        assert_eq!(world.submit("login", credentials(EMAIL, won[0].2)).await.status, 200);
        let reply = world.submit("login", credentials(EMAIL, lost[0].2)).await;
        assert_eq!(reply.status, 400);
    }
}

/// Sign-ins with the old password that are under way while it is changed: each either came before,
/// and is ended, or comes after, and is refused.
#[tokio::test(flavor = "multi_thread")]
async fn no_session_of_the_old_password_outlives_it() {
    for _ in 0..10 {
        let world = Arc::new(World::new().await);
        let token = world.signed_in().await;
        let mut racers = JoinSet::new();
        for _ in 0..4 {
            let world = Arc::clone(&world);
            racers.spawn(async move { world.submit("login", credentials(EMAIL, PASSWORD)).await });
        }
        let changed = change_to(&world, &token, NEW).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        for reply in racers.join_all().await {
            if reply.status == 200 {
                assert_eq!(world.whoami(&token_of(&reply)).await.status, 401);
            } else {
                assert_eq!((reply.status, form_messages(&reply)), (400, vec![4_000_006]));
            }
        }
        assert_eq!(world.whoami(&token).await.status, 200);
    }
}
