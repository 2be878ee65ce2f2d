//! Load: people who list, order, pay and cancel as fast as they can.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::{Answer, Dice, Person};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::ledger::Ledger;

const CARDS: [&str; 5] = [
    "tok_visa",
    "tok_mastercard",
    "tok_chargeDeclined",
    "tok_sandboxTimeoutBefore",
    "tok_sandboxTimeoutAfter",
];

/// What people look at: of tickets, orders, auth, and of the gateway with its pages.
const LOOKED_AT: [&str; 5] = ["/api/tickets", "/api/orders", "/sessions/whoami", "/", "/orders"];

/// Tickets that anybody may try to order, of this round.
type Offers = Arc<Mutex<Vec<String>>>;

/// Behind nginx every request is answered within this time, whatever happens behind it: well before
/// nginx itself gives up on an answer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(20);

/// Between a refusal for want of a service and the next request.
const PAUSE: Duration = Duration::from_millis(100);

/// What customers put up with.
#[derive(Clone)]
pub(crate) enum Until {
    /// They go on until the exchange breaks their connections; it never refuses for want of
    /// anything.
    NobodyAnswers,
    /// They go on until they are told to stop. Every request is answered, and none is refused for
    /// want of anything.
    Told(CancellationToken),
    /// They go on until they are told to stop. Every request is answered, perhaps with a problem
    /// document that says what is away.
    ToldAmidFaults(CancellationToken),
}

pub(crate) struct Load(JoinSet<Count>);

/// How many requests were answered, and how many of them for want of something.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) answered: usize,
    pub(crate) unavailable: usize,
    pub(crate) slowest: Duration,
}

impl Load {
    /// Waits until everybody has gone.
    pub(crate) async fn join(mut self) -> Count {
        let mut all = Count::default();
        while let Some(ended) = self.0.join_next().await {
            let count = ended.unwrap();
            all.answered += count.answered;
            all.unavailable += count.unavailable;
            all.slowest = all.slowest.max(count.slowest);
        }
        all
    }
}

pub(crate) fn start(
    people: &[Person],
    ledger: &Arc<Ledger>,
    dice: &mut Dice,
    until: &Until,
) -> Load {
    let offers = Offers::default();
    let mut tasks = JoinSet::new();
    for person in people {
        let customer = Customer {
            person: person.clone(),
            ledger: Arc::clone(ledger),
            offers: Arc::clone(&offers),
            orders: Vec::new(),
            dice: Dice::new(dice.below(usize::MAX) as u64),
            until: until.clone(),
            count: Count::default(),
        };
        tasks.spawn(customer.act());
    }
    Load(tasks)
}

struct Customer {
    person: Person,
    ledger: Arc<Ledger>,
    offers: Offers,
    orders: Vec<String>,
    dice: Dice,
    until: Until,
    count: Count,
}

impl Customer {
    async fn act(mut self) -> Count {
        // bounded: the exchange is killed, or the test says that it is over
        loop {
            match &self.until {
                Until::Told(end) | Until::ToldAmidFaults(end) if end.is_cancelled() => {
                    return self.count;
                }
                _ => {}
            }
            let before = self.count.unavailable;
            let acted = match self.dice.below(12) {
                0..=2 => self.list().await,
                3..=6 => self.order().await,
                7..=8 => self.pay().await,
                9 => self.cancel().await,
                _ => self.look().await,
            };
            match (acted, &self.until) {
                (Ok(()), _) => {}
                (Err(_gone), Until::NobodyAnswers) => return self.count,
                (Err(error), _) => panic!("not answered: {error:?}"),
            }
            if self.count.unavailable > before {
                testkit::pass(PAUSE).await;
            }
        }
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer, reqwest::Error> {
        let began = Instant::now();
        let answer = self.person.send(method, path, body).await?;
        let took = began.elapsed();
        assert!(took < ANSWERED_WITHIN, "{path} took {took:?}");
        self.count.slowest = self.count.slowest.max(took);
        self.count.answered += 1;
        Ok(answer)
    }

    /// The id of what was done; empty for one of the refusals that load brings, and for those that
    /// faults bring, if there are any. Anything else fails.
    fn told(&mut self, answer: &Answer, done: &[u16], refusals: &[&str]) -> String {
        let status = answer.status.as_u16();
        if done.contains(&status) {
            return answer.body["id"].as_str().unwrap().to_owned();
        }
        let is_fault = self.count_fault(matches!(
            (status, answer.problem()),
            (502, "bad-gateway") | (503, "unavailable" | "overloaded") | (504, "timeout")
        ));
        let is_expected = is_fault || refusals.contains(&answer.problem());
        assert!(is_expected, "{status}: {:#}", answer.body);
        String::new()
    }

    /// Counts an answer that says that something is away, where that may be.
    fn count_fault(&mut self, says_so: bool) -> bool {
        let is_fault = says_so && matches!(self.until, Until::ToldAmidFaults(_));
        self.count.unavailable += usize::from(is_fault);
        is_fault
    }

    /// Looks at one of what every process of its role answers alike.
    async fn look(&mut self) -> Result<(), reqwest::Error> {
        let path = LOOKED_AT[self.dice.below(LOOKED_AT.len())];
        let answer = self.send(Method::GET, path, None).await?;
        // pages and Kratos' answers have other words for what is away
        let is_fault = self.count_fault(matches!(answer.status.as_u16(), 502..=504));
        assert!(answer.status == StatusCode::OK || is_fault, "{path}: {answer:?}");
        Ok(())
    }

    async fn list(&mut self) -> Result<(), reqwest::Error> {
        let title = format!("Show {}", self.dice.below(1_000_000));
        let body = json!({"title": title, "price": 10});
        let answer = self.send(Method::POST, "/api/tickets", Some(body)).await?;
        let id = self.told(&answer, &[201], &[]);
        if !id.is_empty() {
            self.ledger.ticket(&id, &title);
            self.offers.lock().unwrap().push(id);
        }
        Ok(())
    }

    async fn order(&mut self) -> Result<(), reqwest::Error> {
        let offer = self.dice.pick(&self.offers.lock().unwrap()).cloned();
        let Some(ticket) = offer else {
            return Ok(());
        };
        let body = json!({"ticketId": ticket});
        let answer = self.send(Method::POST, "/api/orders", Some(body)).await?;
        let id = self.told(&answer, &[201], &["ticket-already-reserved", "own-ticket"]);
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
        let answer = self.send(Method::POST, "/api/payments", Some(body)).await?;
        let refusals = [
            "card-declined",
            "order-cancelled",
            "order-expired",
            "order-already-paid",
            "payment-in-progress",
        ];
        let id = self.told(&answer, &[201], &refusals);
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
        let answer = self.send(Method::DELETE, &path, None).await?;
        if !self.told(&answer, &[200], &["order-complete"]).is_empty() {
            self.ledger.order(&order, "cancelled");
        }
        Ok(())
    }
}
