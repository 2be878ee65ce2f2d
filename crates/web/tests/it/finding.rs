use http::Method;
use serde_json::json;

use crate::world::{TICKET, World, ticket};

#[tokio::test]
async fn a_hostile_title_is_text_everywhere() {
    let world = World::new();
    let hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    let mut listed = ticket(hostile);
    listed["description"] = json!("</p><script>alert(3)</script>");
    world.says(Method::GET, "/api/tickets?", 200, json!({ "results": [listed] }));
    world.says(Method::GET, &format!("/api/tickets/{TICKET}"), 200, listed);
    for path in
        ["/", "/?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E%22onfocus=x", &format!("/tickets/{TICKET}")]
    {
        let page = world.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        page.does_not_say("<script>alert");
        page.does_not_say("<img");
        page.does_not_say("\"onfocus");
        page.says("&lt;script&gt;alert");
    }
}

#[tokio::test]
async fn the_list_is_one_question_and_pages_are_links() {
    let world = World::new();
    let next = json!([{ "key": "price", "value": "19.9" }, { "key": "id", "value": TICKET }]);
    let answer = json!({ "results": [ticket("Glass Anchors")], "next": next });
    world.says(Method::GET, "/api/tickets?", 200, answer);
    let page = world.get("/?q=glass&min=5&max=20,50&free=1&sort=cheapest").await;
    assert_eq!(world.count(), 1);
    let (asked, ..) = world.asked(&Method::GET, "/api/tickets?");
    let asked: Vec<_> = form_urlencoded::parse(asked.split_once('?').unwrap().1.as_bytes())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        asked,
        [
            "limit=20",
            "q=glass",
            r#"filter={"name":"status","operator":"eq","value":"approved"}"#,
            r#"filter={"name":"price","operator":"gte","value":5}"#,
            r#"filter={"name":"price","operator":"lte","value":20.5}"#,
            r#"filter={"name":"orderId","operator":"eq","value":null}"#,
            r#"sort={"field":"price","order":1}"#,
        ]
    );
    let next = "/?q=glass&amp;min=5&amp;max=20%2C50&amp;free=1&amp;sort=cheapest&amp;after=19.9%7E";
    page.says(&format!("href=\"{next}{TICKET}\""));
    world.get(&next.replace("&amp;", "&").replace("%7E", &format!("~{TICKET}"))).await;
    let (asked, ..) = world.asked(&Method::GET, "/api/tickets?");
    let starts = form_urlencoded::parse(asked.as_bytes()).filter(|(name, _)| name == "start_key");
    let starts: Vec<_> = starts.map(|(_, value)| value.into_owned()).collect();
    let id = format!(r#"{{"key":"id","value":"{TICKET}"}}"#);
    assert_eq!(starts, [r#"{"key":"price","value":"19.9"}"#, &id]);
}

#[tokio::test]
async fn a_price_that_is_none_is_said_at_once() {
    let world = World::new();
    world.says(Method::GET, "/api/tickets?", 200, json!({ "results": [] }));
    let page = world.get("/?min=cheap").await;
    page.says("Type an amount such as 19.99.");
    page.says("Nothing fits.");
    // as Germans write a thousand: it isn't one euro
    let page = world.get("/?max=1.000").await;
    page.says("and nothing between thousands: 1000.00.");
    let (asked, ..) = world.asked(&Method::GET, "/api/tickets?");
    assert!(!asked.contains("price"), "{asked}");
}

#[tokio::test]
async fn pages_are_in_the_language_that_is_asked_for_or_chosen() {
    let german = World::speaking("de-AT, en;q=0.5", false);
    german.says(Method::GET, "/api/tickets?", 200, json!({ "results": [ticket("Anker")] }));
    let page = german.get("/").await;
    page.says("<html lang=\"de\">");
    page.says("Jeder Platz verdient jemanden");
    page.says("19,90\u{a0}€");
    let chosen = german.get("/language?to=en&return_to=%2F").await;
    assert_eq!((chosen.status.as_u16(), chosen.location()), (303, "/"));
    let page = german.get("/").await;
    page.says("<html lang=\"en\">");
    page.says("€19.90");
}

#[tokio::test]
async fn a_ticket_says_whether_it_may_come_back_and_when() {
    let world = World::new();
    let mut reserved = ticket("Glass Anchors");
    reserved["orderId"] = json!(crate::world::ORDER);
    let path = format!("/api/tickets/{TICKET}");
    world.says(Method::GET, &path, 200, reserved.clone());
    world.get(&format!("/tickets/{TICKET}")).await.says("Somebody has bought it.");
    reserved["reservedUntil"] = json!("2026-05-01T20:14:00.000Z");
    world.says(Method::GET, &path, 200, reserved);
    let page = world.get(&format!("/tickets/{TICKET}")).await;
    page.says("It may come back at <time datetime=\"2026-05-01T20:14:00.000Z\"");
    page.does_not_say("/reserve");
}

#[tokio::test]
async fn the_address_of_a_form_leads_to_its_page() {
    let world = World::new();
    let (ticket, order) =
        (format!("/tickets/{TICKET}"), format!("/orders/{}", crate::world::ORDER));
    for (path, page) in [
        (format!("{ticket}/reserve"), &*ticket),
        (format!("{order}/pay"), &order),
        (format!("{order}/cancel"), &order),
        ("/sign-out".to_owned(), "/"),
        ("/account/password".to_owned(), "/account"),
    ] {
        assert_eq!(world.get(&path).await.location(), page, "{path}");
    }
}

#[tokio::test]
async fn how_long_one_has_to_pay_is_as_it_is_set() {
    let world = World::new();
    world.says(Method::GET, "/api/tickets?", 200, json!({ "results": [] }));
    world.says(Method::GET, &format!("/api/tickets/{TICKET}"), 200, ticket("Glass Anchors"));
    world.get("/").await.says("it is yours for 90 seconds while you pay");
    world.get(&format!("/tickets/{TICKET}")).await.says("You then have 90 seconds to pay.");
}

#[tokio::test]
async fn what_is_not_there_has_a_page_too() {
    let world = World::new();
    for path in ["/nothing", "/tickets/x", "/orders/x", "/tickets/x/edit", "/assets/x.css"] {
        let page = world.get(path).await;
        assert_eq!(page.status, 404, "{path}");
        if !path.starts_with("/assets") {
            page.says("There is nothing here");
        }
    }
    let page = world.get("/").await;
    assert_eq!(page.status, 503);
    page.says("be right back");
    // nothing can have been done
    page.says("nothing was changed.");
}
