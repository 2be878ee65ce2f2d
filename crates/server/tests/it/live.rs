//! What open pages are told, as it happens.

use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use testkit::{Person, TestPlatform};

use crate::exchange;

/// How long anything here may take to be heard of: it has happened already.
const PATIENCE: Duration = Duration::from_secs(5);

/// A page that is connected.
struct Page {
    response: Response,
    /// What it asks when it comes back.
    again: RequestBuilder,
    /// How often it came back.
    returns: u32,
    received: String,
}

/// Something that it was told.
#[derive(Debug)]
struct Told {
    id: String,
    name: String,
    data: Value,
}

impl Page {
    async fn open(exchange: &TestPlatform, person: &Person, query: &str, last: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.get(format!("{}/live?{query}", exchange.url()));
        if !person.token.is_empty() {
            request = request.header("cookie", format!("ory_kratos_session={}", person.token));
        }
        if !last.is_empty() {
            request = request.header("last-event-id", last);
        }
        let again = request.try_clone().unwrap();
        Self { response: listen(request).await, again, returns: 0, received: String::new() }
    }

    /// What it is told next; nothing, when the connection has ended.
    async fn next(&mut self) -> Option<Told> {
        // bounded: by the patience
        loop {
            while let Some((frame, rest)) = self.received.split_once("\n\n") {
                let frame = frame.to_owned();
                self.received = rest.to_owned();
                let field = |name| frame.lines().find_map(|line| line.strip_prefix(name));
                if let Some(name) = field("event: ") {
                    return Some(Told {
                        id: field("id: ").unwrap_or_default().to_owned(),
                        name: name.to_owned(),
                        data: serde_json::from_str(field("data: ").unwrap()).unwrap(),
                    });
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await;
            let chunk = chunk.unwrap_or_else(|_| panic!("nothing was told in time"));
            let chunk = chunk.ok().flatten()?;
            self.received.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// What it is told next. As browsers do, it comes back when its connection ends: a process that
    /// has just found the broker doesn't know what it has missed.
    async fn hears_anything(&mut self) -> Told {
        // bounded: by how often it comes back
        loop {
            if let Some(told) = self.next().await {
                return told;
            }
            self.returns += 1;
            assert!(self.returns < 10, "no connection lasts");
            self.response = listen(self.again.try_clone().unwrap()).await;
        }
    }

    /// Waits until it is told something like `wanted`.
    async fn hears(&mut self, name: &str, wanted: &[(&str, Value)]) -> Told {
        // bounded: by the patience
        loop {
            let told = self.hears_anything().await;
            let fits = |(member, value): &(&str, Value)| told.data[*member] == *value;
            if told.name == name && wanted.iter().all(fits) {
                return told;
            }
        }
    }

    /// Waits until its ticket is in that state; what was told of orders would have come before.
    async fn hears_of_its_ticket_only(&mut self, state: &str) {
        // bounded: by the patience
        loop {
            let told = self.hears_anything().await;
            match told.name.as_str() {
                // its process has just started, and doesn't know what was missed
                "reload" => {}
                "ticket" if told.data["state"] == state => return,
                "ticket" => {}
                _ => panic!("{told:?} was told"),
            }
        }
    }
}

async fn listen(request: RequestBuilder) -> Response {
    let response = request.send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response
}

#[tokio::test]
async fn pages_hear_of_what_they_show() {
    let exchange = exchange(&[]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Live, Berlin", 20.0).await;
    let about = format!("ticket={ticket}");
    let mut guest = Page::open(&exchange, &exchange.anonymous(), &about, "").await;

    let order = buyer.place_order(&ticket).await;
    let of_order = format!("order={order}");
    guest.hears("ticket", &[("id", json!(ticket)), ("state", json!("reserved"))]).await;
    let mut buyers = Page::open(&exchange, &buyer, &of_order, "").await;
    let mut sellers = Page::open(&exchange, &seller, &of_order, "").await;
    buyers.hears("order", &[("status", json!("created"))]).await;

    buyer.pay(&order, "tok_chargeDeclined").await.expect(402);
    buyers.hears("payment", &[("order", json!(order)), ("status", json!("failed"))]).await;
    buyer.delete(&format!("/api/orders/{order}")).await.expect(200);
    for page in [&mut buyers, &mut sellers] {
        page.hears("order", &[("id", json!(order)), ("status", json!("cancelled"))]).await;
    }
    let told = guest.hears("ticket", &[("state", json!("free"))]).await;
    assert_eq!(told.data.as_object().unwrap().len(), 3, "who had it is nobody's business");
}

#[tokio::test]
async fn a_list_hears_of_each_of_its_orders() {
    let exchange = exchange(&[]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let mut orders = Vec::new();
    for title in ["First, Berlin", "Second, Berlin", "Third, Berlin"] {
        orders.push(buyer.place_order(&seller.list_ticket(title, 20.0).await).await);
    }
    let about = orders.iter().map(|id| format!("order={id}")).collect::<Vec<_>>().join("&");
    for person in [&buyer, &seller] {
        let mut page = Page::open(&exchange, person, &about, "").await;
        for order in &orders {
            page.hears("order", &[("id", json!(order)), ("status", json!("created"))]).await;
        }
    }
}

#[tokio::test]
async fn of_orders_of_others_nothing_is_told() {
    let exchange = exchange(&[]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Private, Berlin", 20.0).await;
    let order = buyer.place_order(&ticket).await;
    let about = format!("order={order}&ticket={ticket}");
    for stranger in [exchange.person().await, exchange.anonymous()] {
        let mut page = Page::open(&exchange, &stranger, &about, "").await;
        page.hears_of_its_ticket_only("reserved").await;
    }
    let mut page = Page::open(&exchange, &exchange.anonymous(), &about, "").await;
    buyer.delete(&format!("/api/orders/{order}")).await.expect(200);
    page.hears_of_its_ticket_only("free").await;
}

#[tokio::test]
async fn who_comes_back_hears_what_happened_meanwhile() {
    let exchange = exchange(&[]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let ticket = seller.list_ticket("Back again, Berlin", 20.0).await;
    let about = format!("ticket={ticket}");
    let guest = exchange.anonymous();
    // before that the process doesn't know what others have heard
    exchange.pass(Duration::from_secs(6)).await;
    let mut page = Page::open(&exchange, &guest, &about, "").await;
    let order = buyer.place_order(&ticket).await;
    let last = page.hears("ticket", &[("state", json!("reserved"))]).await.id;
    drop(page);
    buyer.delete(&format!("/api/orders/{order}")).await.expect(200);
    exchange.drain().await;
    let mut page = Page::open(&exchange, &guest, &about, &last).await;
    page.hears("ticket", &[("state", json!("free"))]).await;

    let long_ago = "0190163d-8694-739b-aea5-966c26f8ad91";
    let mut page = Page::open(&exchange, &guest, &about, long_ago).await;
    page.hears("reload", &[]).await;
}

#[tokio::test]
async fn open_pages_hold_up_no_stop() {
    let mut exchange = exchange(&[]);
    let about = "ticket=0190163d-8694-739b-aea5-966c26f8ad91";
    let mut page = Page::open(&exchange, &exchange.anonymous(), about, "").await;
    // of what was before it began, the process knows nothing
    page.hears("reload", &[]).await;
    assert!(exchange.stop(), "it ends in good order");
    assert!(page.next().await.is_none());
}

#[tokio::test]
async fn what_can_not_be_told_of_is_refused_by_name() {
    let exchange = exchange(&[]);
    let guest = exchange.anonymous();
    for (query, field) in [("ticket=7".to_owned(), "ticket"), ("order=x".into(), "order")] {
        let refused = guest.get(&format!("/live?{query}")).await;
        assert_eq!((refused.status.as_u16(), refused.problem()), (400, "validation"));
        assert_eq!(refused.body["errors"][0]["field"], field);
    }
}
