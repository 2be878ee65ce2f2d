//! `Idempotency-Key`: one effect and one answer, whoever repeats whatever how often, at once or
//! later, in this life of the program or the next.

mod crash;
mod words;

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use testkit::{Person, TestPlatform};
use tokio::sync::Barrier;

use crate::exchange;
use crate::mishaps::check_money;

/// Repeats at the same moment.
const THREADS: usize = 50;

/// Somebody who names their requests.
#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

/// What was answered, to the byte.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    status: u16,
    kind: String,
    text: String,
    is_replay: bool,
}

impl Client {
    fn of(exchange: &TestPlatform, person: &Person) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, url: exchange.url().to_owned(), token: person.token.clone() }
    }

    async fn try_post(&self, path: &str, key: &str, body: &str) -> reqwest::Result<Told> {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.token);
        let request = request.header(CONTENT_TYPE, "application/json");
        let answer = request.header("Idempotency-Key", key).body(body.to_owned()).send().await?;
        let header = |name: &str| {
            let value = answer.headers().get(name).map(|value| value.to_str().unwrap());
            value.unwrap_or_default().to_owned()
        };
        Ok(Told {
            status: answer.status().as_u16(),
            kind: header("content-type"),
            is_replay: header("idempotent-replayed") == "true",
            text: answer.text().await?,
        })
    }

    async fn post(&self, path: &str, key: &str, body: &Value) -> Told {
        self.try_post(path, key, &body.to_string()).await.unwrap()
    }

    /// The same request from many at the same moment.
    async fn post_at_once(&self, path: &'static str, key: &str, body: &Value) -> Vec<Told> {
        let barrier = Arc::new(Barrier::new(THREADS));
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let (barrier, body) = (Arc::clone(&barrier), body.to_string());
                let (client, key) = (self.clone(), key.to_owned());
                tokio::spawn(async move {
                    barrier.wait().await;
                    client.try_post(path, &key, &body).await.unwrap()
                })
            })
            .collect();
        join_all(threads).await.into_iter().map(Result::unwrap).collect()
    }
}

impl Told {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The `id` of what was made.
    fn id(&self) -> String {
        assert_eq!((self.status, self.kind.as_str()), (201, "application/json"), "{}", self.text);
        self.json()["id"].as_str().unwrap().to_owned()
    }

    /// The code of the problem.
    fn problem(&self) -> String {
        assert_eq!(self.kind, "application/problem+json", "{}", self.text);
        self.json()["type"].as_str().unwrap().trim_start_matches("/errors/").to_owned()
    }

    /// The same as the answer that was given before.
    fn replayed(&self) -> Self {
        Self { is_replay: true, ..self.clone() }
    }
}

/// All say the same, and one of them said it first.
fn agreed(all: &[Told]) -> Told {
    let first: Vec<_> = all.iter().filter(|told| !told.is_replay).collect();
    assert_eq!(first.len(), 1, "one is the first: {first:#?}");
    for told in all {
        assert_eq!(told.replayed(), first[0].replayed());
    }
    first[0].clone()
}

/// Nothing that lost a race has left rights behind. In one process there are none but those that
/// come with what exists; of many, auth is told those, and no others.
fn check_rights(exchange: &TestPlatform) {
    let databases = exchange.databases();
    let told: BTreeSet<_> =
        databases.rows("auth", "select object from tuples").into_iter().flatten().collect();
    let mut there = BTreeSet::new();
    if exchange.is_behind_nginx() {
        for (context, kind) in [("tickets", "Ticket"), ("orders", "Order"), ("payments", "Payment")]
        {
            let ids = databases.rows(context, &format!("select id from {context}")).concat();
            there.extend(ids.into_iter().map(|id| format!("{kind}:{id}")));
        }
    }
    assert_eq!(told, there);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_repeats_at_once_have_one_effect_and_one_answer() {
    const ROUNDS: i64 = 6;
    let exchange = exchange(&[("RUST_LOG", "warn")]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let (seller, buyer) = (Client::of(&exchange, &seller), Client::of(&exchange, &buyer));
    for round in 0..ROUNDS {
        let key = format!("round-{round}");
        let body = json!({"title": format!("Round {round}"), "price": 10});
        let ticket = agreed(&seller.post_at_once("/api/tickets", &key, &body).await).id();
        let body = json!({"ticketId": ticket});
        let order = agreed(&buyer.post_at_once("/api/orders", &key, &body).await).id();
        let body = json!({"orderId": order, "token": "tok_chargeDeclined"});
        let declined = agreed(&buyer.post_at_once("/api/payments", &key, &body).await);
        assert_eq!((declined.status, declined.problem().as_str()), (402, "card-declined"));
        let body = json!({"orderId": order, "token": "tok_visa"});
        let key = format!("{key}-again");
        agreed(&buyer.post_at_once("/api/payments", &key, &body).await).id();
    }
    exchange.drain().await;
    let databases = exchange.databases();
    let count =
        |context, table| databases.number(context, &format!("select count(*) from {table}"));
    assert_eq!(count("tickets", "tickets"), ROUNDS);
    assert_eq!(count("orders", "orders"), ROUNDS);
    assert_eq!(count("payments", "payments"), 2 * ROUNDS, "one declined and one good each");
    assert_eq!(count("card-sandbox", "charges where status = 'captured'"), ROUNDS);
    check_money(&databases);
    check_rights(&exchange);
}

/// A refusal is an answer, too: all get the same, with the same time on it, and go on getting it.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_repeats_at_once_are_refused_alike() {
    let exchange = exchange(&[("RUST_LOG", "warn")]);
    let (seller, first, buyer) =
        (exchange.person().await, exchange.person().await, exchange.person().await);
    let client = Client::of(&exchange, &buyer);
    let ticket = seller.list_ticket("Slowdive", 42.0).await;
    let held = first.place_order(&ticket).await;
    let body = json!({"ticketId": ticket});
    let refused = agreed(&client.post_at_once("/api/orders", "late", &body).await);
    assert_eq!((refused.status, refused.problem().as_str()), (400, "ticket-already-reserved"));

    first.delete(&format!("/api/orders/{held}")).await.expect(200);
    assert_eq!(client.post("/api/orders", "late", &body).await, refused.replayed());
    client.post("/api/orders", "early", &body).await.id();
    check_rights(&exchange);
}

/// Repeats race against other buyers for the same ticket: each buyer's repeats agree, and one
/// buyer has it.
#[tokio::test(flavor = "multi_thread")]
async fn repeats_and_rivals_at_once_leave_one_order() {
    const ROUNDS: i64 = 10;
    let exchange = exchange(&[("RUST_LOG", "warn")]);
    let seller = exchange.person().await;
    let people = join_all((0..4).map(|_| exchange.person())).await;
    let rivals: Vec<_> = people.iter().map(|person| Client::of(&exchange, person)).collect();
    for round in 0..ROUNDS {
        let ticket = seller.list_ticket(&format!("Round {round}"), 10.0).await;
        let (body, key) = (json!({"ticketId": ticket}), format!("round-{round}"));
        let all = rivals.iter().map(|rival| rival.post_at_once("/api/orders", &key, &body));
        let answers: Vec<_> = join_all(all).await.iter().map(|all| agreed(all)).collect();
        let winners = answers.iter().filter(|told| told.status == 201).count();
        assert_eq!(winners, 1, "{answers:#?}");
        for loser in answers.iter().filter(|told| told.status != 201) {
            assert_eq!(loser.problem(), "ticket-already-reserved");
        }
    }
    let databases = exchange.databases();
    assert_eq!(databases.number("orders", "select count(*) from orders"), ROUNDS);
    check_rights(&exchange);
}

/// The first answer is given again though the world has moved on, and also by the next life of the
/// program; repeating it changes nothing.
#[tokio::test]
async fn the_first_answer_stays_whatever_happened_since() {
    let mut exchange = exchange(&[]);
    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let (sells, buys) = (Client::of(&exchange, &seller), Client::of(&exchange, &buyer));
    let to_list = json!({"title": "Nick Cave", "price": 19.99, "description": "Rows 3 and \"4\""});
    let listed = sells.post("/api/tickets", "k", &to_list).await;
    let ticket = listed.id();
    let to_order = json!({"ticketId": ticket});
    let ordered = buys.post("/api/orders", "k", &to_order).await;
    let order = ordered.id();
    buyer.delete(&format!("/api/orders/{order}")).await.expect(200);
    let to_pay = json!({"orderId": order, "token": "tok_visa"});
    exchange.drain().await;
    let too_late = buys.post("/api/payments", "too-late", &to_pay).await;
    assert_eq!(too_late.problem(), "order-cancelled");
    seller.patch(&format!("/api/tickets/{ticket}"), json!({"price": 30})).await.expect(200);

    let again = buys.post("/api/orders", "again", &to_order).await;
    let to_pay_again = json!({"orderId": again.id(), "token": "tok_visa"});
    exchange.drain().await;
    let paid = buys.post("/api/payments", "k", &to_pay_again).await;
    assert_eq!(paid.json()["amount"], 30.0);
    exchange.drain().await;

    let all = [
        (&sells, "/api/tickets", "k", &to_list, &listed),
        (&buys, "/api/orders", "k", &to_order, &ordered),
        (&buys, "/api/orders", "again", &to_order, &again),
        (&buys, "/api/payments", "too-late", &to_pay, &too_late),
        (&buys, "/api/payments", "k", &to_pay_again, &paid),
    ];
    for is_next_life in [false, true] {
        if is_next_life {
            exchange.restart();
        }
        for (client, path, key, body, first) in all {
            // none of its connections is from before the restart
            let http = reqwest::Client::builder().no_proxy().build().unwrap();
            let client = Client { http, url: exchange.url().to_owned(), ..client.clone() };
            assert_eq!(client.post(path, key, body).await, first.replayed(), "{path} {key}");
        }
    }
    exchange.drain().await;
    let databases = exchange.databases();
    assert_eq!(databases.number("tickets", "select count(*) from tickets"), 1);
    assert_eq!(databases.number("orders", "select count(*) from orders"), 2);
    assert_eq!(databases.number("payments", "select count(*) from payments"), 1);
    check_money(&databases);
}
