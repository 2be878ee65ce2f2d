//! Who may do what: every route with everybody. A route that isn't in the table fails the test.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Person, TestPlatform};

use crate::{documents, exchange};

/// Anonymous, a stranger, the seller, the buyer, the buyer of another order of the same seller.
const EVERYBODY: [&str; 5] = ["anonymous", "stranger", "seller", "buyer", "other buyer"];

/// The statuses each of [`EVERYBODY`] gets, by route.
const TABLE: &[(&str, &str, [u16; 5])] = &[
    ("GET", "/api/health", [200, 200, 200, 200, 200]),
    ("GET", "/api/health/live", [200, 200, 200, 200, 200]),
    ("GET", "/api/health/ready", [200, 200, 200, 200, 200]),
    ("GET", "/api/health/{context}", [200, 200, 200, 200, 200]),
    // from this machine; who else may is tested in `observability`
    ("GET", "/metrics", [200, 200, 200, 200, 200]),
    ("GET", "/open-api", [200, 200, 200, 200, 200]),
    ("GET", "/open-api-json", [200, 200, 200, 200, 200]),
    ("GET", "/open-api/rapidoc-9.3.8.js", [200, 200, 200, 200, 200]),
    ("GET", "/async-api-json", [200, 200, 200, 200, 200]),
    ("GET", "/errors", [200, 200, 200, 200, 200]),
    ("GET", "/errors/{code}", [200, 200, 200, 200, 200]),
    ("GET", "/self-service/registration/api", [200, 200, 200, 200, 200]),
    ("GET", "/self-service/login/api", [200, 200, 200, 200, 200]),
    ("GET", "/self-service/settings/api", [401, 200, 200, 200, 200]),
    ("GET", "/sessions/whoami", [401, 200, 200, 200, 200]),
    ("GET", "/sessions", [401, 200, 200, 200, 200]),
    ("DELETE", "/sessions", [401, 200, 200, 200, 200]),
    // no session of theirs: nothing ends, and nobody learns whether there is one
    ("DELETE", "/sessions/{free}", [401, 204, 204, 204, 204]),
    ("GET", "/api/users/current-user", [401, 200, 200, 200, 200]),
    ("GET", "/api/tickets", [200, 200, 200, 200, 200]),
    ("GET", "/api/tickets/{ticket}", [200, 200, 200, 200, 200]),
    ("POST", "/api/tickets", [401, 201, 201, 201, 201]),
    ("PATCH", "/api/tickets/{free}", [401, 403, 200, 403, 403]),
    ("GET", "/api/orders", [401, 200, 200, 200, 200]),
    ("GET", "/api/orders/{order}", [401, 403, 200, 200, 403]),
    // the seller may see the order and its payments, but neither pay nor cancel it
    ("GET", "/api/payments/{payment}", [401, 403, 200, 200, 403]),
    ("GET", "/api/payments?orderId={order}", [401, 403, 200, 200, 403]),
    ("POST", "/api/payments", [401, 403, 403, 400, 403]),
    ("DELETE", "/api/orders/{order}", [401, 403, 403, 400, 403]),
    // a ticket that is sold: the seller's own is refused as own, everybody else's as sold
    ("POST", "/api/orders", [401, 400, 403, 400, 400]),
    ("DELETE", "/api/tickets/{free}", [401, 403, 200, 403, 403]),
];

/// Routes by which people sign up, in and out, before they are anybody. Tested where they live.
const SIGNING_IN: &[(&str, &str)] = &[
    ("POST", "/self-service/registration"),
    ("GET", "/self-service/registration/browser"),
    ("GET", "/self-service/registration/flows"),
    ("POST", "/self-service/login"),
    ("GET", "/self-service/login/browser"),
    ("GET", "/self-service/login/flows"),
    // a session by a browser's cookie, or a form that is somebody's
    ("POST", "/self-service/settings"),
    ("GET", "/self-service/settings/browser"),
    ("GET", "/self-service/settings/flows"),
    ("GET", "/self-service/logout"),
    ("GET", "/self-service/logout/browser"),
    ("DELETE", "/self-service/logout/api"),
    ("GET", "/schemas/{id}"),
];

#[test]
fn every_route_is_in_the_table() {
    let without_query = |template: &str| template.split('?').next().unwrap().to_owned();
    let ids = |template: String| {
        ["ticket", "free", "order", "payment", "code", "context"]
            .iter()
            .fold(template, |path, name| path.replace(&format!("{{{name}}}"), "{id}"))
    };
    let in_table = TABLE.iter().map(|(method, path, _)| (*method, *path));
    let covered: BTreeSet<_> = in_table
        .chain(SIGNING_IN.iter().copied())
        .map(|(method, path)| (method.to_owned(), ids(without_query(path))))
        .collect();
    // a route can't be mounted without being described
    let described = documents::operations(&documents::printed("openapi"));
    let id = |path: String| path.replace("{context}", "{id}").replace("{code}", "{id}");
    let described: BTreeSet<_> =
        described.into_iter().map(|(method, path, _)| (method, id(path))).collect();
    assert_eq!(described, covered);
}

struct Scene {
    people: BTreeMap<&'static str, Person>,
    names: BTreeMap<&'static str, String>,
}

async fn scene(exchange: &TestPlatform) -> Scene {
    let mut people = BTreeMap::from([("anonymous", exchange.anonymous())]);
    for name in &EVERYBODY[1..] {
        people.insert(*name, exchange.person().await);
    }
    let (seller, buyer, other) = (&people["seller"], &people["buyer"], &people["other buyer"]);
    let ticket = seller.list_ticket("Sold", 10.0).await;
    let order = buyer.place_order(&ticket).await;
    let payment = buyer.pay(&order, "tok_visa").await.expect(201);
    let others = seller.list_ticket("Sold to somebody else", 10.0).await;
    let others_order = other.place_order(&others).await;
    other.pay(&others_order, "tok_visa").await.expect(201);
    let free = seller.list_ticket("Free", 10.0).await;
    let payment = payment["id"].as_str().unwrap().to_owned();
    let names = [("ticket", ticket), ("order", order), ("payment", payment), ("free", free)];
    let others = [("context", "orders".to_owned()), ("code", "internal".to_owned())];
    Scene { people, names: names.into_iter().chain(others).collect() }
}

impl Scene {
    fn path(&self, template: &str) -> String {
        let fill = |path: String, (name, value): (&&str, &String)| {
            path.replace(&format!("{{{name}}}"), value)
        };
        self.names.iter().fold(template.to_owned(), fill)
    }

    fn body(&self, method: &str, template: &str) -> Option<Value> {
        match (method, template) {
            ("POST", "/api/tickets") => Some(json!({"title": "Mine", "price": 1})),
            ("PATCH", _) => Some(json!({"price": 11})),
            ("POST", "/api/payments") => {
                Some(json!({"orderId": self.names["order"], "token": "tok_visa"}))
            }
            ("POST", "/api/orders") => Some(json!({"ticketId": self.names["ticket"]})),
            _ => None,
        }
    }
}

#[tokio::test]
async fn everybody_gets_what_the_contract_says() {
    let exchange = exchange(&[]);
    let scene = scene(&exchange).await;
    let mut wrong = Vec::new();
    for (method, template, statuses) in TABLE {
        for (who, expected) in EVERYBODY.iter().zip(statuses) {
            // nginx passes on nothing that is for operators
            let is_hidden = *template == "/metrics" && exchange.is_behind_nginx();
            let expected = if is_hidden { &404 } else { expected };
            let verb = Method::from_bytes(method.as_bytes()).unwrap();
            let body = scene.body(method, template);
            let answer = scene.people[who].send(verb, &scene.path(template), body).await.unwrap();
            let status = answer.status.as_u16();
            if status != *expected {
                wrong.push(format!("{method} {template} by {who}: {status}, not {expected}"));
            }
            if status >= 400 && template.starts_with("/api") {
                let said = format!("{method} {template} by {who}: {}", answer.body);
                assert_eq!(answer.content_type, "application/problem+json", "{said}");
                assert_eq!(answer.body["statusCode"], status, "{template}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A token that isn't one is nobody's, wherever it stands.
#[tokio::test]
async fn a_made_up_session_is_nobodys() {
    let exchange = exchange(&[]);
    let guest = exchange.anonymous();
    for (name, value) in [
        ("authorization", "Bearer ory_st_madeupmadeupmadeupmadeupmadeup"),
        ("x-session-token", "' or 1=1 --"),
        ("cookie", "ory_kratos_session=madeup"),
        ("authorization", "Basic YTpi"),
    ] {
        for path in ["/api/users/current-user", "/sessions/whoami", "/api/orders"] {
            let answer = guest.send_raw(Method::GET, path, &[(name, value)], vec![]).await.unwrap();
            assert_eq!(answer.status.as_u16(), 401, "{name}: {value} at {path}");
        }
        let open = guest.send_raw(Method::GET, "/api/tickets", &[(name, value)], vec![]).await;
        assert_eq!(open.unwrap().status.as_u16(), 200, "what is open stays open");
    }
}

/// A session is found in each of the three places.
#[tokio::test]
async fn a_session_is_honoured_wherever_clients_put_it() {
    let exchange = exchange(&[]);
    let person = exchange.person().await;
    let guest = exchange.anonymous();
    let places = [
        ("authorization", format!("Bearer {}", person.token)),
        ("x-session-token", person.token.clone()),
        ("cookie", format!("theme=dark; ory_kratos_session={}", person.token)),
    ];
    for (name, value) in places {
        let headers = [(name, value.as_str())];
        let user = guest.send_raw(Method::GET, "/api/users/current-user", &headers, vec![]).await;
        assert_eq!(user.unwrap().expect(200)["id"], person.id, "{name}");
    }
}
