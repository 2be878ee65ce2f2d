//! What a page that wants to hear of orders costs the exchange.

use http::Method;
use serde_json::{Value, json};

use crate::world::{BUYER, World, order, problem};

fn id(number: u32) -> String {
    format!("0190163d-8694-739b-aea5-{number:012x}")
}

/// Orders with these numbers, newest first.
fn orders(numbers: impl DoubleEndedIterator<Item = u32>) -> Value {
    let one = |number| {
        let mut order = order("created");
        order["id"] = json!(id(number));
        order
    };
    numbers.rev().map(one).collect()
}

/// What is asked of the exchange for a page about the orders `1..=count`.
async fn asked(world: &World, count: u32) -> Vec<String> {
    let before = world.count();
    let query: Vec<_> = (1..=count).map(|number| format!("order={}", id(number))).collect();
    assert_eq!(world.open(&format!("/live?{}", query.join("&"))).await, 200);
    world.since(before)
}

#[tokio::test]
async fn a_list_of_orders_is_asked_for_at_once() {
    let world = World::of(BUYER);
    world.says(Method::GET, "/api/orders?limit=100&as=buyer", 200, orders(1..21));
    let asked = asked(&world, 20).await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    let start = asked[0].split_once("start_key=").unwrap().1;
    assert!(start.contains(&id(21)), "the newest is on the page: {start}");
}

#[tokio::test]
async fn a_list_of_sales_is_asked_for_on_both_sides_and_one_order_by_itself() {
    let world = World::of(BUYER);
    world.says(Method::GET, "/api/orders/", 404, problem(404, "order-not-found"));
    world.says(Method::GET, "/api/orders?limit=100&as=buyer", 200, json!([]));
    world.says(Method::GET, "/api/orders?limit=100&as=seller", 200, orders(1..20));
    let of_many = asked(&world, 20).await;
    assert_eq!(of_many.len(), 3, "{of_many:?}");
    assert_eq!(of_many[2], format!("/api/orders/{}", id(20)), "it wasn't in the list");
    assert_eq!(asked(&world, 1).await, [format!("/api/orders/{}", id(1))]);
}

#[tokio::test]
async fn when_the_list_can_not_be_had_each_is_asked_for() {
    let world = World::of(BUYER);
    world.says(Method::GET, "/api/orders?", 503, problem(503, "unavailable"));
    world.says(Method::GET, "/api/orders/", 200, order("created"));
    assert_eq!(asked(&world, 3).await.len(), 5);
}
