use http::Method;
use serde_json::json;

use crate::world::{SELLER, TICKET, World, problem};

#[tokio::test]
async fn what_was_typed_outlives_the_session() {
    let world = World::of(SELLER);
    world.says(Method::POST, "/api/tickets", 401, problem(401, "not-signed-in"));
    let typed =
        [("title", "Glass & Anchors"), ("price", "19,90"), ("description", "by the \"door\"")];
    let page = world.post("/sell", &typed).await;
    page.says("You were signed out meanwhile.");
    let (carried, back) = (page.field("carried"), page.field("return_to"));
    assert_eq!(back, "/sell");
    assert!(!carried.contains("csrf"), "{carried}");
    world.says(Method::POST, "/self-service/login?flow=", 200, json!({}));
    let fields = [("flow", "f"), ("return_to", &*back), ("carried", &*carried)];
    let resumed = world.post("/sign-in", &fields).await;
    assert_eq!(resumed.status, 200);
    resumed.says("what you typed is still here");
    resumed.says("action=\"/sell\"");
    resumed.says("value=\"Glass &amp; Anchors\"");
    resumed.says("by the &quot;door&quot;");
}

#[tokio::test]
async fn an_edit_is_kept_as_well_and_nothing_else_is() {
    let world = World::of(SELLER);
    world.says(Method::POST, "/self-service/login?flow=", 200, json!({}));
    let edit = format!("/tickets/{TICKET}/edit");
    let resumed = async |back: &str| {
        let fields = [("flow", "f"), ("return_to", back), ("carried", "title=Kept&version=3")];
        world.post("/sign-in", &fields).await
    };
    let page = resumed(&edit).await;
    page.says(&format!("action=\"{edit}\""));
    assert_eq!((page.field("title"), page.field("version")), ("Kept".to_owned(), "3".to_owned()));
    assert_eq!(resumed("/orders").await.location(), "/orders");
    assert_eq!(resumed("/tickets/x/edit").await.location(), "/tickets/x/edit");
}
