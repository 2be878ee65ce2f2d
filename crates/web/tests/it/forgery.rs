use http::Method;

use crate::world::{BUYER, ORDER, TICKET, World};

#[tokio::test]
async fn a_form_without_its_token_is_refused_and_nothing_is_asked() {
    let world = World::of(BUYER);
    let token = world.token().await;
    let before = world.count();
    let paths = [
        format!("/tickets/{TICKET}/reserve"),
        format!("/tickets/{TICKET}/edit"),
        format!("/tickets/{TICKET}/withdraw"),
        format!("/orders/{ORDER}/pay"),
        format!("/orders/{ORDER}/cancel"),
        "/sell".to_owned(),
        "/sign-in".to_owned(),
        "/register".to_owned(),
        "/sign-out".to_owned(),
        "/account/password".to_owned(),
        "/account/sessions".to_owned(),
    ];
    for path in &paths {
        for body in [String::new(), "csrf=".to_owned(), format!("csrf={}", &token[1..])] {
            let page = world.send(Method::POST, path, body).await;
            assert_eq!(page.status, 403, "{path}");
            page.says("This form was open too long");
        }
    }
    assert_eq!(world.count(), before);
}

#[tokio::test]
async fn the_first_page_that_a_visitor_sees_sets_the_cookie_and_no_later_one_does() {
    let world = World::new();
    let results = serde_json::json!({ "results": [] });
    world.says(Method::GET, "/api/tickets?", 200, results);
    let first = world.get("/").await;
    assert!(first.headers["set-cookie"].to_str().unwrap().starts_with("form="));
    for path in ["/", "/nothing"] {
        assert!(!world.get(path).await.headers.contains_key("set-cookie"), "{path}");
    }
}

#[tokio::test]
async fn a_token_is_worth_nothing_with_another_cookie() {
    let (mine, other) = (World::of(BUYER), World::of(BUYER));
    let _own = mine.token().await;
    let foreign = other.token().await;
    let page = mine.send(Method::POST, "/sign-out", format!("csrf={foreign}")).await;
    assert_eq!(page.status, 403);
}

#[tokio::test]
async fn nobody_is_led_to_another_site() {
    let world = World::new();
    for evil in ["//evil.example", "/%5Cevil.example", "https://evil.example", "/%09/evil.example"]
    {
        let chosen = world.get(&format!("/language?to=de&return_to={evil}")).await;
        assert_eq!(chosen.location(), "/", "{evil}");
        let flow = crate::world::flow(&serde_json::json!([]), &serde_json::json!([]));
        world.says(Method::GET, "/self-service/", 200, flow);
        for page in ["/sign-in", "/register"] {
            let page = world.get(&format!("{page}?return_to={evil}")).await;
            assert_eq!(page.field("return_to"), "/", "{evil}");
        }
        world.sets(Method::POST, "/self-service/", 200, serde_json::json!({}), None);
        let fields = [("return_to", "//evil.example"), ("email", "a@b.example")];
        assert_eq!(world.post("/sign-in", &fields).await.location(), "/");
        assert_eq!(world.post("/register", &fields).await.location(), "/?note=welcome");
    }
}
