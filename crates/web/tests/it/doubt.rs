//! Forms whose outcome isn't known: sent once more, they are the same request, so that what has
//! worked after all isn't done twice.

use http::Method;
use serde_json::{Value, json};

use crate::world::{BUYER, ORDER, SELLER, Shown, TICKET, World, order, problem, ticket};

const FORM: [(&str, &str); 2] = [("title", "Glass Anchors"), ("price", "19.90")];

/// How an exchange may answer that has done what it was asked for, or hasn't.
fn unclear() -> [(u16, Value); 4] {
    [
        (503, problem(503, "unavailable")),
        (504, problem(504, "timeout")),
        (502, json!("<html>no problem document</html>")),
        (429, problem(429, "too-many-requests")),
    ]
}

fn key_of(world: &World, path: &str) -> String {
    world.asked(&Method::POST, path).1["idempotency-key"].to_str().unwrap().to_owned()
}

async fn sell(world: &World, once: &str) -> Shown {
    world.post("/sell", &[&FORM[..], &[("once", once)]].concat()).await
}

#[tokio::test]
async fn a_listing_sent_once_more_is_the_same() {
    let world = World::of(SELLER);
    let first = world.get("/sell").await.field("once");
    for (status, document) in unclear() {
        world.says(Method::POST, "/api/tickets", status, document);
        let again = sell(&world, &first).await;
        assert_eq!(
            (again.field("title"), again.field("once")),
            (FORM[0].1.to_owned(), first.clone())
        );
    }
    let faulty = world.post("/sell", &[("title", "No"), ("once", &*first)]).await;
    assert_eq!(faulty.field("once"), first, "nothing was sent meanwhile");
    world.says(Method::POST, "/api/tickets", 201, ticket("Glass Anchors"));
    let listed = sell(&world, &first).await;
    assert_eq!(listed.location(), format!("/tickets/{TICKET}?note=listed"));
    assert_eq!(key_of(&world, "/api/tickets"), first);
}

#[tokio::test]
async fn a_listing_that_was_changed_after_it_had_worked_is_not_a_second_one() {
    let world = World::of(SELLER);
    let once = world.get("/sell").await.field("once");
    world.says(Method::POST, "/api/tickets", 409, problem(409, "idempotency-key-reused"));
    let told = sell(&world, &once).await;
    assert_eq!(told.location(), "/my/tickets?note=listed-before");
    world.says(Method::GET, "/api/tickets?", 200, json!({ "results": [ticket("Anchors")] }));
    world.get(told.location()).await.says("Your ticket was listed already");
}

#[tokio::test]
async fn a_listing_that_was_refused_is_another_one_next_time() {
    let world = World::of(SELLER);
    let once = world.get("/sell").await.field("once");
    world.says(Method::POST, "/api/tickets", 403, problem(403, "not-permitted"));
    assert_ne!(sell(&world, &once).await.field("once"), once, "the refusal is remembered");
    assert_ne!(sell(&world, "made by somebody").await.field("once"), "made by somebody");
}

#[tokio::test]
async fn a_session_that_ends_meanwhile_makes_no_second_listing() {
    let world = World::of(SELLER);
    let once = world.get("/sell").await.field("once");
    world.says(Method::POST, "/api/tickets", 401, problem(401, "not-signed-in"));
    let carried = sell(&world, &once).await.field("carried");
    world.says(Method::POST, "/self-service/login?flow=", 200, json!({}));
    let fields = [("flow", "f"), ("return_to", "/sell"), ("carried", &*carried)];
    assert_eq!(world.post("/sign-in", &fields).await.field("once"), once);
}

/// Sends the form of `page` to `path`, which asks the exchange at `api`, as long as it is unclear
/// what became of it.
async fn sends_the_same(world: &World, [page, path, api]: [&str; 3], made: Value) {
    let first = world.get(page).await.field("once");
    let fields = |once| [("token", "tok_visa"), ("once", once)];
    for (status, document) in unclear() {
        world.says(Method::POST, api, status, document);
        let told = world.post(path, &fields(&first)).await;
        let shown = world.get(told.location()).await;
        shown.says("class=\"note note-bad\"");
        assert_eq!(shown.field("once"), first, "{status}");
    }
    world.says(Method::POST, api, 401, problem(401, "not-signed-in"));
    let lost = world.post(path, &fields(&first)).await;
    assert!(lost.location().contains(&format!("once%3D{first}")), "{}", lost.location());
    world.says(Method::POST, api, 201, made);
    let done = world.post(path, &fields(&first)).await;
    assert!(!done.location().contains("once="), "{}", done.location());
    assert_eq!(key_of(world, api), first);
    world.says(Method::POST, api, 409, problem(409, "conflict"));
    let refused = world.post(path, &fields(&first)).await;
    assert!(!refused.location().contains("once="), "{}", refused.location());
}

#[tokio::test]
async fn a_reservation_sent_once_more_is_the_same() {
    let world = World::of(BUYER);
    let page = format!("/tickets/{TICKET}");
    world.says(Method::GET, &format!("/api{page}"), 200, ticket("Glass Anchors"));
    let path = format!("{page}/reserve");
    sends_the_same(&world, [&page, &path, "/api/orders"], order("created")).await;
}

#[tokio::test]
async fn a_payment_sent_once_more_is_the_same() {
    let world = World::of(BUYER);
    let page = format!("/orders/{ORDER}");
    world.says(Method::GET, &format!("/api{page}"), 200, order("created"));
    world.says(Method::GET, "/api/payments?", 200, json!([]));
    let path = format!("{page}/pay");
    let payment = json!({
        "id": TICKET, "orderId": ORDER, "version": 0, "status": "pending",
        "amount": 19.9, "currency": "EUR",
    });
    sends_the_same(&world, [&page, &path, "/api/payments"], payment).await;
}
