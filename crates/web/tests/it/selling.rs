use http::Method;
use serde_json::json;

use crate::world::{ORDER, SELLER, TICKET, World, problem, ticket};

#[tokio::test]
async fn a_price_goes_out_as_it_was_typed_to_the_cent() {
    let world = World::of(SELLER);
    world.says(Method::POST, "/api/tickets", 201, ticket("Glass Anchors"));
    let fields = [("title", " Glass Anchors "), ("price", "19,90"), ("description", "")];
    let listed = world.post("/sell", &fields).await;
    assert_eq!(listed.location(), format!("/tickets/{TICKET}?note=listed"));
    let (_, _, body) = world.asked(&Method::POST, "/api/tickets");
    assert_eq!(body.to_string(), r#"{"description":null,"price":19.9,"title":"Glass Anchors"}"#);
}

#[tokio::test]
async fn faults_stand_at_their_fields_and_what_was_typed_stays() {
    let world = World::of(SELLER);
    let fields = [("title", "ab"), ("price", "19.999"), ("description", "<b>by the door")];
    let page = world.post("/sell", &fields).await;
    assert_eq!(page.status, 400);
    page.says("id=\"title-error\">Say in 3 to 56 characters what it is for.");
    page.says("id=\"price-error\">At most two digits after the point, please, and nothing");
    page.says("&lt;b&gt;by the door");
    assert_eq!(page.field("price"), "19.999");
    for thousand in ["1,000", "1.000"] {
        let page = world.post("/sell", &[("title", "abc"), ("price", thousand)]).await;
        assert_eq!((page.status.as_u16(), page.field("price").as_str()), (400, thousand));
    }
    // what the exchange alone finds wrong
    let mut refused = problem(400, "validation");
    refused["errors"] = json!([{ "message": "must not be odd", "field": "title" }]);
    world.says(Method::POST, "/api/tickets", 400, refused);
    let page = world.post("/sell", &[("title", "abc"), ("price", "1")]).await;
    page.says("id=\"title-error\">Say in 3 to 56 characters");
}

#[tokio::test]
async fn a_reserved_ticket_says_why_it_cant_be_edited() {
    let world = World::of(SELLER);
    let mut held = ticket("Glass Anchors");
    held["orderId"] = json!(ORDER);
    held["reservedUntil"] = json!("2026-05-01T20:14:00.000Z");
    world.says(Method::GET, &format!("/api/tickets/{TICKET}"), 200, held);
    let page = world.get(&format!("/tickets/{TICKET}")).await;
    page.says("edit or withdraw it now: somebody has reserved it");
    page.does_not_say("/edit\"");
    for page in ["edit", "withdraw"] {
        let page = world.get(&format!("/tickets/{TICKET}/{page}")).await;
        assert_eq!(page.location(), format!("/tickets/{TICKET}?note=held"));
    }
}

#[tokio::test]
async fn an_edit_names_the_version_that_was_seen() {
    let world = World::of(SELLER);
    let mut seen = ticket("Glass Anchors");
    seen["version"] = json!(7);
    world.says(Method::GET, &format!("/api/tickets/{TICKET}"), 200, seen);
    world.says(Method::PATCH, "/api/tickets/", 200, json!({}));
    let path = format!("/tickets/{TICKET}/edit");
    let page = world.get(&path).await;
    let version = page.field("version");
    let fields = [("title", "Anchors"), ("price", "5"), ("version", &*version)];
    assert_eq!(
        world.post(&path, &fields).await.location(),
        format!("/tickets/{TICKET}?note=edited")
    );
    assert_eq!(world.asked(&Method::PATCH, "/api/").2["version"], json!(7));
    world.says(Method::PATCH, "/api/tickets/", 409, problem(409, "stale-version"));
    let page = world.post(&path, &fields).await;
    page.says("This ticket was changed meanwhile");
    page.says("What you typed is still here");
    assert_eq!((page.field("title").as_str(), page.field("price").as_str()), ("Anchors", "5"));
    // sent once more it goes on from what is stored now
    let mut newer = ticket("Glass Anchors");
    newer["version"] = json!(8);
    world.says(Method::GET, &format!("/api/tickets/{TICKET}"), 200, newer);
    assert_eq!(world.post(&path, &fields).await.field("version"), "8");
}

#[tokio::test]
async fn sales_listen_to_what_may_become_one() {
    let world = World::of(SELLER);
    world.says(Method::GET, "/api/orders?", 200, json!([]));
    world.says(Method::GET, "/api/tickets?", 200, json!({ "results": [ticket("Anchors")] }));
    world.get("/sales").await.says(&format!("data-live-ticket=\"{TICKET}\""));
    let (asked, ..) = world.asked(&Method::GET, "/api/tickets?");
    assert!(asked.contains(SELLER) && asked.contains("orderId"), "{asked}");
    world.get("/orders").await.does_not_say("data-live-ticket");
    world.says(Method::GET, "/api/tickets?", 503, json!({}));
    assert_eq!(world.get("/sales").await.status, 200);
}

#[tokio::test]
async fn somebody_elses_ticket_has_no_form() {
    let world = World::of(crate::world::BUYER);
    world.says(Method::GET, &format!("/api/tickets/{TICKET}"), 200, ticket("Glass Anchors"));
    for page in ["edit", "withdraw"] {
        assert_eq!(world.get(&format!("/tickets/{TICKET}/{page}")).await.status, 404);
    }
}
