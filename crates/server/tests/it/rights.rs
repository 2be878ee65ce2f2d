//! Rights come with what they are rights to: there is no moment, and no crash, between the two.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use testkit::{Dice, Person, TestPlatform};

use crate::crash::ledger::Ledger;
use crate::crash::load::{self, Until};
use crate::exchange;

const ROUNDS: usize = 6;
const PEOPLE: usize = 8;

/// More things than this are there in each round, however slow the machine is.
const THINGS: usize = 50;

/// The newest rows of each kind that are looked at: those the crash may have torn.
const NEWEST: &str = "order by id desc limit 60";

/// Asked at once after the start, while what the crash left is still being delivered.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_what_is_there_has_its_rights() {
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let mut exchange = exchange(&[("RUST_LOG", "warn")]);
    let mut people = Vec::new();
    for _ in 0..PEOPLE {
        people.push(exchange.person().await);
    }
    let stranger = exchange.person().await;
    let ledger = Arc::new(Ledger::default());
    let mut looked_at = 0;
    for round in 0..ROUNDS {
        let url = exchange.url().to_owned();
        let people: Vec<_> = people.iter().map(|person| person.at(&url)).collect();
        let load = load::start(&people, &ledger, &mut dice, &Until::NobodyAnswers);
        exchange.pass(Duration::from_millis(100 + dice.below(400) as u64)).await;
        let answered = || {
            let (tickets, orders, payments) = ledger.counts();
            [tickets, orders, payments].map(|count| count.min(THINGS)).iter().sum::<usize>()
        };
        assert!(exchange.reaches(|| answered() > THINGS).await, "there is hardly any load");
        exchange.kill();
        load.join().await;
        exchange.restart();
        looked_at += check_rights(&exchange, &people, &stranger, round).await;
    }
    println!("{looked_at} things with their rights");
    assert!(looked_at > THINGS * ROUNDS, "there was hardly any load: {looked_at}");
    if !exchange.is_behind_nginx() {
        let tuples = exchange.databases().rows("auth", "select * from tuples");
        assert_eq!(tuples, Vec::<Vec<String>>::new(), "nothing is written down a second time");
    }
    exchange.drain().await;
}

/// Sellers, buyers and payers may do what they should, and a stranger may not. Answers how many
/// things were looked at.
async fn check_rights(
    exchange: &TestPlatform,
    people: &[Person],
    stranger: &Person,
    round: usize,
) -> usize {
    let url = exchange.url();
    let people: HashMap<_, _> =
        people.iter().map(|person| (person.id.clone(), person.at(url))).collect();
    let stranger = stranger.at(url);
    let databases = exchange.databases();
    let read = |context: &str, sql: &str| databases.rows(context, &format!("{sql} {NEWEST}"));
    let tickets = read("tickets", "select id, seller_id from tickets");
    let orders = read("orders", "select id, buyer_id, seller_id from orders");
    let payments = read("payments", "select id, payer_id, order_id from payments");
    let sellers = databases.rows("orders", "select id, seller_id from orders");
    let sellers: HashMap<_, _> = sellers.iter().map(|row| (&row[0], &row[1])).collect();
    for row in &tickets {
        let (path, seller) = (format!("/api/tickets/{}", row[0]), &people[&row[1]]);
        let body = || Some(json!({"title": "Another title"}));
        let status = async |person: &Person| {
            person.send(Method::PATCH, &path, body()).await.unwrap().status.as_u16()
        };
        assert_eq!(status(&stranger).await, 403, "round {round}: {path}");
        // or it is reserved
        assert!([200, 400].contains(&status(seller).await), "round {round}: {path}");
        let own = seller.order(&row[0]).await;
        assert_eq!(own.problem(), "own-ticket", "round {round}: {path}");
    }
    for row in &orders {
        let path = format!("/api/orders/{}", row[0]);
        let (buyer, seller) = (&people[&row[1]], &people[&row[2]]);
        sees(&path, &[buyer, seller], &stranger, round).await;
        for other in [seller, &stranger] {
            let status = other.delete(&path).await.status.as_u16();
            assert_eq!(status, 403, "round {round}: {path}");
        }
    }
    for row in &payments {
        let (payer, seller) = (&people[&row[1]], &people[sellers[&row[2]]]);
        sees(&format!("/api/payments/{}", row[0]), &[payer, seller], &stranger, round).await;
    }
    if let Some(row) = orders.first() {
        let cancelled = people[&row[1]].delete(&format!("/api/orders/{}", row[0])).await;
        assert!([200, 400].contains(&cancelled.status.as_u16()), "round {round}: {row:?}");
    }
    tickets.len() + orders.len() + payments.len()
}

async fn sees(path: &str, those: &[&Person], stranger: &Person, round: usize) {
    for person in those {
        let status = person.get(path).await.status.as_u16();
        assert_eq!(status, 200, "round {round}: {path}");
    }
    let status = stranger.get(path).await.status.as_u16();
    assert_eq!(status, 403, "round {round}: {path}");
}
