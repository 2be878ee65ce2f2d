//! `kill -9` while everybody repeats: each key has one effect and one answer, over all lives of
//! the program.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::Dice;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Client;
use crate::exchange;
use crate::mishaps::check_money;

const KILLS: usize = 12;
const PAIRS: usize = 12;

/// How long the exchange may be away.
const PATIENCE: Duration = Duration::from_secs(60);

/// One life of the program.
#[derive(Clone)]
struct Life {
    number: usize,
    url: String,
    is_last: bool,
}

/// A seller and a buyer, who know where the exchange is.
struct Pair {
    number: usize,
    seller: Client,
    buyer: Client,
    life: watch::Receiver<Life>,
    dice: Dice,
}

/// One ticket's way from listing to payment, as it was told.
struct Deal {
    title: String,
    ticket: String,
    order: String,
    payment: String,
}

impl Pair {
    /// Deals until the last life; what was begun is ended.
    async fn deal(mut self) -> Vec<Deal> {
        let mut deals = Vec::new();
        while !self.life.borrow().is_last {
            let title = format!("Pair {}, deal {}", self.number, deals.len());
            let key = format!("deal-{}", deals.len());
            let to_list = json!({"title": title, "price": 10});
            let ticket = self.insist(&self.seller.clone(), "/api/tickets", &key, &to_list).await;
            let to_order = json!({"ticketId": ticket});
            let order = self.insist(&self.buyer.clone(), "/api/orders", &key, &to_order).await;
            let card = ["tok_visa", "tok_visa", "tok_sandboxTimeoutAfter"][self.dice.below(3)];
            let to_pay = json!({"orderId": order, "token": card});
            let payment = self.insist(&self.buyer.clone(), "/api/payments", &key, &to_pay).await;
            deals.push(Deal { title, ticket, order, payment });
        }
        deals
    }

    /// Sends a request, twice at once, until it is answered often enough. All answers agree,
    /// whatever happened in between. Answers the id of what was made.
    async fn insist(&mut self, client: &Client, path: &str, key: &str, body: &Value) -> String {
        let (text, mut answers) = (body.to_string(), Vec::new());
        let wanted = 1 + self.dice.below(4);
        // bounded: the last life of the exchange answers everything
        while answers.len() < wanted {
            let life = self.life.borrow().clone();
            let client = Client { url: life.url, ..client.clone() };
            let post = || client.try_post(path, key, &text);
            let (one, other) = tokio::join!(post(), post());
            let was_killed = one.is_err() || other.is_err();
            // it may know of a ticket or an order by its rights only, for a moment
            let told = [one, other].into_iter().flatten().filter(|told| told.status != 503);
            answers.extend(told);
            if was_killed {
                let next = self.life.wait_for(|next| next.number > life.number);
                timeout(PATIENCE, next).await.unwrap().unwrap();
            }
        }
        let first = answers.iter().find(|told| !told.is_replay).unwrap_or(&answers[0]);
        for told in &answers {
            assert_eq!(told.replayed(), first.replayed(), "{path} {key}");
        }
        first.id()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_everybody_repeats_each_key_has_one_effect() {
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let mut exchange = exchange(&[("RUST_LOG", "warn")]);
    let mut life = Life { number: 0, url: exchange.url().to_owned(), is_last: false };
    let (tell, hear) = watch::channel(life.clone());
    let mut pairs = JoinSet::new();
    for number in 0..PAIRS {
        let seller = Client::of(&exchange, &exchange.person().await);
        let buyer = Client::of(&exchange, &exchange.person().await);
        let dice = Dice::new(dice.below(usize::MAX) as u64);
        pairs.spawn(Pair { number, seller, buyer, life: hear.clone(), dice }.deal());
    }
    for kill in 1..=KILLS {
        exchange.pass(Duration::from_millis(50 + dice.below(400) as u64)).await;
        exchange.kill();
        exchange.restart();
        life = Life { number: kill, url: exchange.url().to_owned(), is_last: kill == KILLS };
        tell.send(life.clone()).unwrap();
    }
    let deals = pairs.join_all().await.into_iter().flatten().collect::<Vec<_>>();
    println!("{} deals in {} lives", deals.len(), life.number + 1);
    assert!(deals.len() > PAIRS, "there was hardly any load");
    exchange.drain().await;

    let databases = exchange.databases();
    let expected = |rows: fn(&Deal) -> Vec<&String>| {
        let mut rows: Vec<Vec<String>> =
            deals.iter().map(|deal| rows(deal).into_iter().cloned().collect()).collect();
        rows.sort_unstable();
        rows
    };
    let tickets = databases.rows("tickets", "select id, title from tickets order by 1");
    assert_eq!(tickets, expected(|deal| vec![&deal.ticket, &deal.title]));
    let orders = databases.rows("orders", "select ticket_id, id from orders order by 1");
    assert_eq!(orders, expected(|deal| vec![&deal.ticket, &deal.order]));
    let payments = databases.rows("payments", "select order_id, id from payments order by 1");
    assert_eq!(payments, expected(|deal| vec![&deal.order, &deal.payment]));
    let captured = "select count(*) from charges where status = 'captured'";
    assert_eq!(databases.number("card-sandbox", captured), deals.len() as i64, "each paid once");
    check_money(&databases);
}
