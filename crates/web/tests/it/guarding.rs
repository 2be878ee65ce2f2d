use http::{Method, header};
use serde_json::json;

use crate::world::{World, ticket};

#[tokio::test]
async fn a_page_holds_no_script_and_no_style_and_says_so() {
    let world = World::new();
    world.says(Method::GET, "/api/tickets?", 200, json!({ "results": [ticket("Anchors")] }));
    let page = world.get("/").await;
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
    page.does_not_say(" style=");
    page.does_not_say("<style");
    page.does_not_say(" onclick");
    page.does_not_say("http://");
    page.does_not_say("https://");
    assert_eq!(page.html.matches("<script").count(), 1);
    assert_eq!(page.headers[header::CACHE_CONTROL], "private, no-cache");
}

#[tokio::test]
async fn files_are_kept_for_good_under_the_name_that_pages_use() {
    let world = World::new();
    world.says(Method::GET, "/api/tickets?", 200, json!({ "results": [] }));
    let page = world.get("/").await;
    let names: Vec<_> = page.html.split('"').filter(|it| it.starts_with("/assets/")).collect();
    assert_eq!(names.len(), 2);
    for name in names {
        let file = world.get(name).await;
        assert_eq!(file.status, 200, "{name}");
        assert_eq!(file.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert!(file.html.len() < 30_000, "{name} is small");
    }
    for name in ["/favicon.svg", "/robots.txt", "/site.webmanifest"] {
        assert_eq!(world.get(name).await.status, 200, "{name}");
    }
}

#[tokio::test]
async fn what_is_for_the_signed_in_asks_to_sign_in() {
    let world = World::new();
    let nobody = crate::world::problem(401, "not-signed-in");
    world.says(Method::GET, "/", 401, nobody);
    for path in ["/sell", "/my/tickets", "/orders?status=open", "/sales", "/account"] {
        let page = world.get(path).await;
        assert_eq!(page.status, 303, "{path}");
        let path: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
        assert_eq!(page.location(), format!("/sign-in?return_to={path}"));
    }
}

#[tokio::test]
async fn by_https_the_cookie_of_forms_is_bound_to_the_host() {
    let world = World::speaking("en", true);
    let flow = crate::world::flow(&json!([]), &json!([]));
    world.says(Method::GET, "/self-service/login/browser", 200, flow);
    let page = world.get("/sign-in").await;
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-form="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
}
