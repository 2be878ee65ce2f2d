//! Load: people who list, order, pay and cancel as fast as they can, until nobody answers.

use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Answer, Dice, Person};
use tokio::task::JoinSet;

use super::ledger::Ledger;

const CARDS: [&str; 5] = [
    "tok_visa",
    "tok_mastercard",
    "tok_chargeDeclined",
    "tok_sandboxTimeoutBefore",
    "tok_sandboxTimeoutAfter",
];

/// Tickets that anybody may try to order, of this round.
type Offers = Arc<Mutex<Vec<String>>>;

pub(crate) struct Load(JoinSet<()>);

impl Load {
    /// Waits until everybody has noticed that nobody answers.
    pub(crate) async fn join(mut self) {
        while let Some(ended) = self.0.join_next().await {
            ended.unwrap();
        }
    }
}

pub(crate) fn start(people: &[Person], ledger: &Arc<Ledger>, dice: &mut Dice) -> Load {
    let offers = Offers::default();
    let mut tasks = JoinSet::new();
    for person in people {
        let customer = Customer {
            person: person.clone(),
            ledger: Arc::clone(ledger),
            offers: Arc::clone(&offers),
            orders: Vec::new(),
            dice: Dice::new(dice.below(usize::MAX) as u64),
        };
        tasks.spawn(customer.act_until_nobody_answers());
    }
    Load(tasks)
}

struct Customer {
    person: Person,
    ledger: Arc<Ledger>,
    offers: Offers,
    orders: Vec<String>,
    dice: Dice,
}

impl Customer {
    async fn act_until_nobody_answers(mut self) {
        // bounded: the exchange is killed within a second
        loop {
            let acted = match self.dice.below(10) {
                0..=2 => self.list().await,
                3..=6 => self.order().await,
                7..=8 => self.pay().await,
                _ => self.cancel().await,
            };
            if acted.is_err() {
                return;
            }
        }
    }

    async fn list(&mut self) -> Result<(), reqwest::Error> {
        let title = format!("Show {}", self.dice.below(1_000_000));
        let body = json!({"title": title, "price": 10});
        let answer = self.person.send(Method::POST, "/api/tickets", Some(body)).await?;
        let id = told(&answer, &[201], &[]);
        self.ledger.ticket(&id, &title);
        self.offers.lock().unwrap().push(id);
        Ok(())
    }

    async fn order(&mut self) -> Result<(), reqwest::Error> {
        let offer = self.dice.pick(&self.offers.lock().unwrap()).cloned();
        let Some(ticket) = offer else {
            return Ok(());
        };
        let body = json!({"ticketId": ticket});
        let answer = self.person.send(Method::POST, "/api/orders", Some(body)).await?;
        let id = told(&answer, &[201], &["ticket-already-reserved", "own-ticket"]);
        if !id.is_empty() {
            self.ledger.order(&id, "created");
            self.orders.push(id);
        }
        Ok(())
    }

    async fn pay(&mut self) -> Result<(), reqwest::Error> {
        let Some(order) = self.dice.pick(&self.orders).cloned() else {
            return Ok(());
        };
        let card = CARDS[self.dice.below(CARDS.len())];
        let body = json!({"orderId": order, "token": card});
        let answer = self.person.send(Method::POST, "/api/payments", Some(body)).await?;
        let refusals = [
            "card-declined",
            "order-cancelled",
            "order-expired",
            "order-already-paid",
            "payment-in-progress",
        ];
        let id = told(&answer, &[201], &refusals);
        if !id.is_empty() {
            let status = answer.body["status"].as_str().unwrap();
            self.ledger.payment(&id, status);
            if status == "captured" {
                self.ledger.order(&order, "complete");
            }
        }
        Ok(())
    }

    async fn cancel(&mut self) -> Result<(), reqwest::Error> {
        let Some(order) = self.dice.pick(&self.orders).cloned() else {
            return Ok(());
        };
        let path = format!("/api/orders/{order}");
        let answer = self.person.send(Method::DELETE, &path, None).await?;
        if !told(&answer, &[200], &["order-complete"]).is_empty() {
            self.ledger.order(&order, "cancelled");
        }
        Ok(())
    }
}

/// The id of what was done; empty for one of the refusals that load brings. Anything else fails.
fn told(answer: &Answer, done: &[u16], refusals: &[&str]) -> String {
    if done.contains(&answer.status.as_u16()) {
        return answer.body["id"].as_str().unwrap().to_owned();
    }
    assert!(
        refusals.contains(&answer.problem()),
        "{}: {:#}",
        answer.status,
        Value::clone(&answer.body)
    );
    String::new()
}
