use http::{Method, header};
use serde_json::{Value, json};

use crate::world::{BUYER, World, flow};

fn told(id: u64) -> Value {
    json!([{ "id": id, "type": "error", "text": "Kratos' own words" }])
}

#[tokio::test]
async fn who_signs_in_goes_on_with_the_cookie_of_kratos() {
    let world = World::new();
    let kept = Some("ory_kratos_session=new; Path=/; HttpOnly");
    world.sets(Method::POST, "/self-service/login?flow=", 200, json!({}), kept);
    let fields = [
        ("flow", "0190163d-8694-739b-aea5-966c26f8adf1"),
        ("csrf_token", "kratos-token"),
        ("email", " ada@example.com "),
        ("password", " a secret "),
        ("return_to", "/orders"),
    ];
    let signed_in = world.post("/sign-in", &fields).await;
    assert_eq!((signed_in.status.as_u16(), signed_in.location()), (303, "/orders"));
    assert!(signed_in.headers[header::SET_COOKIE].to_str().unwrap().contains("=new;"));
    let (_, _, body) = world.asked(&Method::POST, "/self-service/login");
    let wanted = json!({
        "identifier": "ada@example.com", "password": " a secret ", "method": "password",
        "csrf_token": "kratos-token",
    });
    assert_eq!(body, wanted);
}

#[tokio::test]
async fn a_wrong_password_is_said_and_never_shown() {
    let world = World::new();
    let refused = flow(&json!([]), &told(4_000_006));
    world.says(Method::POST, "/self-service/login?flow=", 400, refused);
    let fields = [("flow", "f"), ("email", "ada@example.com"), ("password", "a secret")];
    let page = world.post("/sign-in", &fields).await;
    assert_eq!(page.status, 400);
    page.says("go together.");
    assert_eq!(page.field("email"), "ada@example.com");
    page.does_not_say("a secret");
    page.does_not_say("Kratos");
}

#[tokio::test]
async fn who_failed_too_often_is_told_how_long_to_wait() {
    let world = World::new();
    world.says(Method::POST, "/self-service/login?flow=", 429, json!({ "error": {} }));
    let page = world.post("/sign-in", &[("flow", "f"), ("password", "p")]).await;
    page.says("Too many tries.");
    page.says("Try again in one second.");
}

#[tokio::test]
async fn a_form_that_was_open_too_long_is_replaced() {
    let world = World::new();
    world.says(Method::POST, "/self-service/login?flow=", 410, json!({ "error": {} }));
    let page = world.post("/sign-in", &[("flow", "f"), ("email", "ada@example.com")]).await;
    page.says("Here is a new one");
    assert_eq!(page.field("email"), "ada@example.com");
}

#[tokio::test]
async fn a_password_that_anybody_would_guess_is_refused_at_its_field() {
    let world = World::new();
    let refused = flow(&told(4_000_005), &json!([]));
    world.says(Method::POST, "/self-service/registration?flow=", 400, refused);
    let page = world.post("/register", &[("flow", "f"), ("password", "password")]).await;
    page.says("id=\"password-error\">This password is among the first");
}

#[tokio::test]
async fn another_password_needs_the_present_one() {
    let world = World::of(BUYER);
    let session = json!({ "id": "s1", "authenticated_at": crate::world::NOW, "devices": [] });
    world.says(Method::GET, "/sessions/whoami", 200, session.clone());
    world.says(Method::GET, "/sessions?", 200, json!([session]));
    world.says(Method::GET, "/self-service/settings/browser", 200, flow(&json!([]), &json!([])));
    let refused = flow(&json!([]), &told(4_000_006));
    world.says(Method::POST, "/self-service/login?flow=", 400, refused);
    let fields = [("current", "old secret"), ("password", "new secret")];
    let page = world.post("/account/password", &fields).await;
    page.says("id=\"current-error\">This is not your present password.");
    page.does_not_say("secret");
    // the refreshed session is the one that changes it
    let fresh = Some("ory_kratos_session=fresh; Path=/; HttpOnly");
    world.sets(Method::POST, "/self-service/login?flow=", 200, json!({}), fresh);
    world.says(Method::POST, "/self-service/settings?flow=", 200, json!({}));
    let changed = world.post("/account/password", &fields).await;
    assert_eq!(changed.location(), "/account?note=password-changed");
    let (_, headers, _) = world.asked(&Method::POST, "/self-service/settings");
    let cookies = headers[header::COOKIE].to_str().unwrap();
    assert!(cookies.contains("ory_kratos_session=fresh"), "{cookies}");
    assert!(!cookies.contains("ory_kratos_session=abc"), "{cookies}");
}

#[tokio::test]
async fn signing_out_forgets_the_session() {
    let world = World::of(BUYER);
    let link = json!({ "logout_token": "a+b" });
    world.says(Method::GET, "/self-service/logout/browser", 200, link);
    world.says(Method::GET, "/self-service/logout?token=a%2Bb", 204, json!({}));
    let out = world.post("/sign-out", &[]).await;
    assert_eq!(out.location(), "/?note=signed-out");
    let cookie = out.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("ory_kratos_session=; Path=/; Max-Age=0"), "{cookie}");
}
