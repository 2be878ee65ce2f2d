//! The whole story: a ticket is listed, reserved, paid for and sold. It is over when every context
//! has handled every event of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use bench::results::Case;
use futures_util::FutureExt;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Scenario, clients_text};
use crate::exchange::Exchange;
use crate::load::{Answer, Connection, Measured, Notes, Request, gather, get, post};
use crate::sheet::Sheet;
use crate::stage::{ORDERS, Stage, order};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "story",
    title: "List, reserve, pay, complete",
    sets: |scale| vec![scale.large],
    steps: |scale| CLIENTS.len() * scale.rounds,
    run: |stage| run(stage).boxed_local(),
};

const CLIENTS: [usize; 2] = [16, 64];

/// So many orders' time one story takes, roughly.
const ORDERS_EACH: usize = 4;

/// How long an order that is paid for may take to be complete.
const COMPLETE_MAX: Duration = Duration::from_secs(30);

async fn run(stage: &Stage) -> anyhow::Result<Vec<Case>> {
    let exchange = stage.sets().open_copy(stage.scale.large)?;
    let mut cases = Vec::new();
    for clients in CLIENTS {
        let text = clients_text(clients);
        let mut sheet = Sheet::default();
        for _ in stage.rounds(&format!("whole stories, {text}")) {
            let (stories, drain) = tell(stage, &exchange, clients).await?;
            sheet.load("stories", &stories);
            sheet.drain(drain);
        }
        cases.push(sheet.case(text));
    }
    Ok(cases)
}

/// Tells stories until all are told and no event is left; answers how long the last events took.
async fn tell(
    stage: &Stage,
    exchange: &Exchange,
    clients: usize,
) -> anyhow::Result<(Measured, Duration)> {
    let count = stage.scale.orders(clients) / ORDERS_EACH;
    let taken = Arc::new(AtomicUsize::new(0));
    let mut tellers = Vec::new();
    for number in 0..clients {
        tellers.push(Teller {
            connection: Connection::open(exchange.address).await?,
            seller: stage.token(number).to_owned(),
            buyer: stage.token(number + 1).to_owned(),
        });
    }
    exchange.drain().await?;
    let started = Instant::now();
    let mut telling = JoinSet::new();
    for teller in tellers {
        telling.spawn(teller.tell_until(count, Arc::clone(&taken)));
    }
    let notes = gather(telling).await?;
    let drain = exchange.drain().await?;
    Ok((Measured::since(started, &notes)?, drain))
}

/// A client who speaks for a seller and a buyer.
struct Teller {
    connection: Connection,
    seller: String,
    buyer: String,
}

impl Teller {
    /// One story after the other, until `count` are taken.
    async fn tell_until(mut self, count: usize, taken: Arc<AtomicUsize>) -> anyhow::Result<Notes> {
        let mut notes = Notes::default();
        while taken.fetch_add(1, Ordering::Relaxed) < count {
            let since = Instant::now();
            self.tell_one().await?;
            notes.done(since);
        }
        Ok(notes)
    }

    async fn tell_one(&mut self) -> anyhow::Result<()> {
        let offer = r#"{"title":"Northern Lanterns, Amsterdam","price":49.5}"#.to_owned();
        let ticket = self.make(post("/api/tickets", &self.seller, offer)?).await?;
        let order = self.make(order(&self.buyer, &ticket)?).await?;
        let payment = format!(r#"{{"orderId":"{order}","token":"tok_visa"}}"#);
        self.make(post("/api/payments", &self.buyer, payment)?).await?;
        let since = Instant::now();
        let mut look = get(&format!("{ORDERS}/{order}"))?;
        let bearer = format!("Bearer {}", self.buyer).parse()?;
        look.headers_mut().insert("authorization", bearer);
        while text(&self.connection.ask(&look, 200).await?, "status")? != "complete" {
            ensure!(since.elapsed() < COMPLETE_MAX, "order {order} is paid for and not complete");
        }
        Ok(())
    }

    /// Makes something; answers its id.
    async fn make(&mut self, request: Request) -> anyhow::Result<String> {
        text(&self.connection.ask(&request, 201).await?, "id")
    }
}

fn text(answer: &Answer, field: &str) -> anyhow::Result<String> {
    let body: Value = serde_json::from_slice(answer.body())?;
    let text = body[field].as_str().map(str::to_owned);
    text.with_context(|| format!("an answer without `{field}`"))
}
