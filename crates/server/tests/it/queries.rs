//! Lists as clients ask for them, over HTTP: the query grammar, pages, and what nobody but the
//! seller may see, however it is asked for.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Person, TestPlatform};

use crate::exchange;

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn ids(list: &Value) -> Vec<String> {
    let id = |it: &Value| it["id"].as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(id).collect()
}

async fn found(person: &Person, query: &str) -> Vec<String> {
    ids(&person.get(&format!("/api/tickets?{query}")).await.expect(200)["results"])
}

/// Every page of a list of tickets, as long as there is a next.
async fn walk(person: &Person, query: &str) -> Vec<String> {
    let (mut all, mut start) = (Vec::new(), String::new());
    // bounded: every page has rows that no other has
    loop {
        let page = person.get(&format!("/api/tickets?{query}{start}")).await.expect(200);
        all.extend(ids(&page["results"]));
        match page.get("next") {
            Some(next) => start = format!("&start_key={}", encoded(&next.to_string())),
            None => return all,
        }
    }
}

/// A page of orders, and the path of the next one, from the header `Link`.
async fn page(
    exchange: &TestPlatform,
    person: &Person,
    path: &str,
) -> (Vec<String>, Option<String>) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.get(format!("{}{path}", exchange.url())).bearer_auth(&person.token);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200, "{path}");
    let link = answer.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
    let next = link.map(|link| {
        let (path, rest) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
        assert_eq!(rest, "; rel=\"next\"");
        path.to_owned()
    });
    (ids(&answer.json().await.unwrap()), next)
}

/// Four concerts of two sellers; one is withdrawn, one is reserved.
struct Hall {
    _exchange: TestPlatform,
    seller: Person,
    other: Person,
    buyer: Person,
    guest: Person,
    cheap: String,
    dear: String,
    reserved: String,
    withdrawn: String,
    order: String,
}

impl Hall {
    async fn open() -> Self {
        let exchange = exchange(&[]);
        let (seller, other, buyer) =
            (exchange.person().await, exchange.person().await, exchange.person().await);
        let cheap = seller.list_ticket("Björk – live in Reykjavík", 10.0).await;
        let dear = other.list_ticket("BJORK: last night", 99.99).await;
        let reserved = seller.list_ticket("Die Ärzte", 20.0).await;
        let withdrawn = seller.list_ticket("Secret gig of Björk", 20.0).await;
        seller.delete(&format!("/api/tickets/{withdrawn}")).await.expect(200);
        let order = buyer.place_order(&reserved).await;
        exchange.drain().await;
        let guest = exchange.anonymous();
        Self {
            _exchange: exchange,
            seller,
            other,
            buyer,
            guest,
            cheap,
            dear,
            reserved,
            withdrawn,
            order,
        }
    }
}

#[tokio::test]
async fn tickets_are_asked_for_in_every_form() {
    let hall = Hall::open().await;
    let Hall { seller, guest, cheap, dear, reserved, withdrawn, order, .. } = &hall;
    let json = |value: Value| format!("filter={}", encoded(&value.to_string()));
    let price = json!({"name": "price", "operator": "gte", "value": 20});
    let status = json!({"name": "status", "operator": "in", "arr_value": ["withdrawn"]});
    for (query, wanted) in [
        (json(price.clone()), vec![reserved, dear]),
        ("filter=name=price,operator=gte,value=20".to_owned(), vec![reserved, dear]),
        (
            "filter[0][name]=price&filter[0][operator]=gte&filter[0][value]=20".to_owned(),
            vec![reserved, dear],
        ),
        (
            "filter=name=price,operator=gt,value=9.99&filter=name=price,operator=lt,value=10.01"
                .to_owned(),
            vec![cheap],
        ),
        (format!("filter=name=orderId,operator=eq,value={order}"), vec![reserved]),
        ("filter=name=orderId,operator=eq,value=null".to_owned(), vec![dear, cheap]),
        (format!("filter=name=userId,operator=eq,value={}", seller.id), vec![reserved, cheap]),
        (format!("filter=name=id,operator=nin,arr_value=[{cheap},{dear}]"), vec![reserved]),
        ("filter=name=title,operator=regex,mode=swm,value=bjork".to_owned(), vec![dear]),
        ("filter=name=title,operator=regex,mode=bnm,value=BJ%C3%96RK".to_owned(), vec![cheap]),
        ("filter=name=title,operator=regex,mode=ewm,value=.*".to_owned(), vec![]),
        ("filter=name=createdAt,operator=gt,value=2100-01-01T00:00:00Z".to_owned(), vec![]),
        (json(status.clone()), vec![]),
        ("q=night%20bjo".to_owned(), vec![dear]),
        ("q=bjork".to_owned(), vec![dear, cheap]),
        (format!("q=bjork&sort[field]=price&sort[order]=1&{}", json(price)), vec![dear]),
        ("sort=field=price".to_owned(), vec![cheap, reserved, dear]),
        ("sort=field=title,order=-1".to_owned(), vec![reserved, cheap, dear]),
        ("skip=1&limit=1".to_owned(), vec![dear]),
    ] {
        let wanted: Vec<_> = wanted.into_iter().cloned().collect();
        assert_eq!(found(guest, &query).await, wanted, "{query}");
    }
    assert_eq!(
        found(seller, &json(status)).await,
        std::slice::from_ref(withdrawn),
        "sellers see their own"
    );
    let lean = guest.get(&format!("/api/tickets?q=rzte&{}", "projection=name=title")).await;
    assert_eq!(lean.expect(200), json!({"results": []}), "words begin where they begin");
    let lean = guest.get("/api/tickets?q=arzte&projection=name=title&projection=name=price").await;
    let wanted = json!({"results": [{"id": reserved, "title": "Die Ärzte", "price": 20}]});
    assert_eq!(lean.expect(200), wanted);
}

/// Whatever is asked for: nobody sees what others have withdrawn, nor learns that it is there.
#[tokio::test]
async fn what_was_withdrawn_shows_in_nobodys_lists() {
    let hall = Hall::open().await;
    let Hall { seller, other, buyer, guest, withdrawn, reserved, .. } = &hall;
    let start = |key: &str, value: &str| {
        let keys = json!([{"key": key, "value": value}, {"key": "id", "value": reserved}]);
        format!("start_key={}", encoded(&keys.to_string()))
    };
    let queries = [
        "limit=100".to_owned(),
        "q=secret".to_owned(),
        "q=secret&sort=field=price".to_owned(),
        "q=gig&sort=field=title,order=-1".to_owned(),
        "sort=field=price,order=-1".to_owned(),
        "sort=field=title".to_owned(),
        "sort=field=createdAt".to_owned(),
        format!("filter=name=id,operator=eq,value={withdrawn}"),
        format!("filter=name=id,operator=in,arr_value=[{withdrawn}]&q=secret"),
        format!("filter=name=userId,operator=eq,value={}", seller.id),
        format!("filter=name=userId,operator=eq,value={}&q=secret", seller.id),
        "filter=name=status,operator=eq,value=withdrawn".to_owned(),
        "filter=name=status,operator=nin,arr_value=approved".to_owned(),
        "filter=name=status,operator=in,arr_value=approved,withdrawn,rejected".to_owned(),
        "filter=name=orderId,operator=eq,value=null".to_owned(),
        "filter=name=title,operator=eq,value=Secret%20gig%20of%20Bj%C3%B6rk".to_owned(),
        "filter=name=title,operator=regex,mode=bnm,value=secret".to_owned(),
        "filter=name=title,operator=regex,mode=swm,value=SECRET&sort=field=price".to_owned(),
        "projection=name=status,mode=0".to_owned(),
        format!("sort=field=price&{}", start("price", "20")),
        format!("sort=field=title&{}", start("title", "Secret")),
        format!("sort=field=id&start_key=key=id,value={reserved}"),
    ];
    for query in &queries {
        for person in [guest, buyer, other] {
            let shown = walk(person, &format!("limit=2&{}", query.replace("limit=100", ""))).await;
            assert!(!shown.contains(withdrawn), "{query}");
        }
    }
    let own = queries.iter().filter(|query| query.contains("secret") || query.contains("SECRET"));
    for query in own {
        assert_eq!(found(seller, query).await, std::slice::from_ref(withdrawn), "{query}");
    }
}

#[tokio::test]
async fn a_walk_misses_nothing_while_tickets_come_and_go() {
    let exchange = exchange(&[]);
    let (seller, guest) = (exchange.person().await, exchange.anonymous());
    let mut stable = BTreeSet::new();
    for number in 0..12 {
        stable.insert(seller.list_ticket("Night of nights", f64::from(number % 3)).await);
    }
    for sort in ["id", "price", "title", "createdAt"] {
        for (order, search) in [(1, ""), (-1, "&q=nights")] {
            let query = format!("/api/tickets?limit=5&sort=field={sort},order={order}{search}");
            let (mut seen, mut start) = (Vec::new(), String::new());
            // bounded: two tickets come with each page, and five are shown
            loop {
                let page = guest.get(&format!("{query}{start}")).await.expect(200);
                seen.extend(ids(&page["results"]));
                let Some(next) = page.get("next") else { break };
                start = format!("&start_key={}", encoded(&next.to_string()));
                let gone = seller.list_ticket("Nights that end", 1.0).await;
                seller.delete(&format!("/api/tickets/{gone}")).await.expect(200);
            }
            seen.retain(|id| stable.contains(id));
            assert_eq!(seen.len(), 12, "{query}: each once");
            assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), stable, "{query}");
        }
    }
}

/// What breaks searches, elsewhere.
const HOSTILE: &[&str] = &[
    "\"",
    "'",
    "*",
    "\"*",
    "AND",
    "OR NOT",
    "NEAR(",
    "a AND",
    "^a",
    "a:b",
    "search:x",
    "{a b}:c",
    "-",
    "(",
    ")",
    "\\",
    "%",
    "_",
    ";drop table tickets",
    "\0",
    "a\0b",
    "\u{feff}",
    "👩‍👩‍👧",
    "東京",
    "\u{202e}",
    "\u{10ffff}",
    "٣",
    "ﷺ",
    "\u{301}\u{301}",
    "a\u{301}",
    "!!!",
    "....",
    " ",
    "",
];

#[tokio::test]
async fn hostile_queries_break_nothing() {
    let hall = Hall::open().await;
    let guest = &hall.guest;
    for text in HOSTILE.iter().copied().chain([&*"\"a\" ".repeat(50), &"é".repeat(200)]) {
        for sort in ["", "&sort=field=price"] {
            let query = format!("q={}{sort}", encoded(text));
            let answer = guest.get(&format!("/api/tickets?{query}")).await;
            // a text without a word, or with too many, is refused rather than passed over
            let words = kernel::text::words(text);
            let words = words.split(' ').filter(|word| !word.is_empty()).count();
            let is_query = text.trim().is_empty() || (1..=8).contains(&words);
            let expected = if is_query { 200 } else { 400 };
            assert_eq!(answer.status.as_u16(), expected, "{text:?}: {:#}", answer.body);
        }
        for mode in ["swm", "bnm", "ewm"] {
            let filter = json!({"name": "title", "operator": "regex", "mode": mode, "value": text});
            let query = format!("/api/tickets?filter={}", encoded(&filter.to_string()));
            let status = guest.get(&query).await.status.as_u16();
            assert_eq!(status, if text.is_empty() { 400 } else { 200 }, "{text:?}");
        }
    }
    for (query, field) in [
        (format!("q={}", "x".repeat(7_000)), "q"),
        (format!("q={}", "%F0%9F%8E%AB".repeat(500)), "q"),
        ("q=%ff".to_owned(), "q"),
        ("q=%C3".to_owned(), "q"),
        (format!("filter={}", "%5B".repeat(2_000)), "filter[0]"),
        (format!("filter={}", "filter=".repeat(1_000)), "filter[0].name"),
        (
            "filter=name=price,operator=gt,value=1".to_owned() + &",".repeat(5_000),
            "filter[0].value",
        ),
        ("filter[0][name]=price&filter[0][operator]=gt".to_owned(), "filter[0].value"),
        ("filter[__proto__][name]=x".to_owned(), "filter"),
        ("sort=price".to_owned(), "sort"),
        ("sort=field=price;drop".to_owned(), "sort.field"),
        ("skip=10001".to_owned(), "skip"),
        ("projection=name=secret".to_owned(), "projection[0].name"),
        ("sort=field=price&start_key=key=id,value=7".to_owned(), "start_key[0].value"),
    ] {
        let path = format!("/api/tickets?{query}");
        let answer = guest.send_raw(Method::GET, &path, &[], vec![]).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.problem()), (400, "validation"), "{query}");
        let errors = answer.body["errors"].as_array().unwrap();
        assert!(errors.iter().any(|error| error["field"] == field), "{query}: {errors:#?}");
    }
    assert_eq!(found(guest, "limit=100").await.len(), 3, "nothing was harmed");
}

#[tokio::test]
async fn orders_are_listed_by_status_and_page_by_page() {
    let exchange = exchange(&[]);
    let (seller, buyer, stranger) =
        (exchange.person().await, exchange.person().await, exchange.person().await);
    let mut placed = Vec::new();
    for number in 0..7 {
        let ticket = seller.list_ticket(&format!("Show {number}"), 10.0).await;
        placed.push(buyer.place_order(&ticket).await);
    }
    for order in &placed[..3] {
        buyer.delete(&format!("/api/orders/{order}")).await.expect(200);
    }
    exchange.drain().await;
    placed.reverse();
    for (person, side) in [(&buyer, ""), (&buyer, "as=buyer&"), (&seller, "as=seller&")] {
        for (status, wanted) in [
            ("", &placed[..]),
            ("status=cancelled&", &placed[4..]),
            ("status=created,awaiting:payment&", &placed[..4]),
            ("status=created&status=cancelled&", &placed[..]),
            ("status=complete&", &[]),
        ] {
            let (mut seen, mut path) = (Vec::new(), format!("/api/orders?{side}{status}limit=2"));
            // bounded: every page has rows that no other has
            loop {
                let (ids, next) = page(&exchange, person, &path).await;
                assert!(ids.len() <= 2);
                seen.extend(ids);
                let Some(next) = next else { break };
                path = next;
            }
            assert_eq!(seen, wanted, "{side}{status}");
        }
    }
    let (others, next) = page(&exchange, &stranger, "/api/orders?as=seller").await;
    assert_eq!((others, next), (vec![], None));
    for (query, field) in [
        ("status=paid", "status"),
        ("status=", "status"),
        ("status=created,", "status"),
        ("as=buyer&as=seller", "as"),
        ("limit=0&as=x&limit=1", "limit"),
        ("start_key=key=price,value=5", "start_key.key"),
    ] {
        let answer = buyer.get(&format!("/api/orders?{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.problem()), (400, "validation"), "{query}");
        assert_eq!(answer.body["errors"][0]["field"], field, "{query}");
    }
    let order = &placed[0];
    buyer.pay(order, "tok_chargeDeclined").await.expect(402);
    buyer.pay(order, "tok_visa").await.expect(201);
    let (first, next) =
        page(&exchange, &buyer, &format!("/api/payments?orderId={order}&limit=1")).await;
    let (second, end) = page(&exchange, &buyer, &next.unwrap()).await;
    assert_eq!((first.len(), second.len(), end), (1, 1, None));
    assert_ne!(first, second);
}
