//! How fast the exchange is: loads the release build over HTTP on this machine, and prints orders
//! per second beside a yardstick measured in the same run. Run by `cargo xtask bench`, which builds
//! the program and gives its path.
//!
//! Every order is signed in, permission-checked and durable (SQLite, `synchronous=FULL`), each for
//! a ticket of its own. The yardstick is `GET` of one ticket with the same clients: the ratio says
//! what deciding and keeping cost, whatever the machine. The load comes from this process, on the
//! same cores.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use testkit::{Person, TestPlatform};
use tokio::task::JoinSet;

/// Clients at once, each with a connection of its own.
const CLIENTS: [usize; 4] = [1, 16, 64, 256];

/// Measurements of each, alternating with the yardstick.
const ROUNDS: usize = 5;

/// The fewest requests in one measurement, and the fewest a client sends.
const REQUESTS_MIN: usize = 2_000;
const REQUESTS_EACH_MIN: usize = 10;

/// What one measurement found.
struct Measured {
    per_second: f64,
    p50: Duration,
    p99: Duration,
}

fn main() -> anyhow::Result<()> {
    let program = std::env::args().nth(1).context("usage: bench PATH-OF-TICKETING")?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(measure_all(Box::leak(program.into_boxed_str())))
}

async fn measure_all(program: &'static str) -> anyhow::Result<()> {
    // every other limit holds: what they cost is part of what is measured
    let settings = [("RUST_LOG", "warn"), ("RATE_LIMIT_ENABLED", "false")];
    let exchange = TestPlatform::start(program, &settings);
    println!(
        "{:>7}  {:>22}  {:>22}  {:>6}  order p50, p99",
        "clients", "orders/s", "GET/s", "ratio"
    );
    for clients in CLIENTS {
        let people = join_all((0..clients).map(|_| exchange.person())).await;
        let each = (REQUESTS_MIN / clients).max(REQUESTS_EACH_MIN);
        let (mut orders, mut reads) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let tickets = list(&exchange, clients * each).await;
            exchange.drain().await;
            reads.push(read(&people, &tickets, each).await?);
            orders.push(order(&people, &tickets, each).await?);
            exchange.drain().await;
        }
        print_row(clients, orders, reads);
    }
    Ok(())
}

/// As many new tickets, of somebody who buys none.
async fn list(exchange: &TestPlatform, count: usize) -> Vec<String> {
    let seller = exchange.person().await;
    let list = |_| seller.list_ticket("Benchmark", 10.0);
    stream::iter(0..count).map(list).buffer_unordered(64).collect().await
}

async fn order(people: &[Person], tickets: &[String], each: usize) -> anyhow::Result<Measured> {
    let order = |person: Person, ticket: String| async move {
        person.order(&ticket).await.status.as_u16() == 201
    };
    measure(people, tickets, each, order).await
}

async fn read(people: &[Person], tickets: &[String], each: usize) -> anyhow::Result<Measured> {
    let read = |person: Person, ticket: String| async move {
        person.get(&format!("/api/tickets/{ticket}")).await.status.as_u16() == 200
    };
    measure(people, tickets, each, read).await
}

/// Lets every person act on their share of the tickets, one after the other, all at once.
async fn measure<F>(
    people: &[Person],
    tickets: &[String],
    each: usize,
    act: impl Fn(Person, String) -> F + Copy + Send + 'static,
) -> anyhow::Result<Measured>
where
    F: Future<Output = bool> + Send,
{
    let mut clients = JoinSet::new();
    let started = Instant::now();
    for (person, share) in people.iter().zip(tickets.chunks(each)) {
        let (person, share) = (person.clone(), share.to_vec());
        clients.spawn(async move {
            let mut times = Vec::with_capacity(share.len());
            for ticket in share {
                let sent = Instant::now();
                let done = act(person.clone(), ticket).await;
                times.push((sent.elapsed(), done));
            }
            times
        });
    }
    let times = clients.join_all().await.concat();
    let elapsed = started.elapsed();
    ensure!(times.iter().all(|(_, done)| *done), "some requests were refused");
    let mut times: Vec<_> = times.into_iter().map(|(time, _)| time).collect();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let per_second = times.len() as f64 / elapsed.as_secs_f64();
    Ok(Measured { per_second, p50: at(0.5), p99: at(0.99) })
}

fn print_row(clients: usize, orders: Vec<Measured>, reads: Vec<Measured>) {
    let ratios = orders.iter().zip(&reads).map(|(o, r)| o.per_second / r.per_second);
    let ratio = middle(ratios.collect());
    let rate = |all: &[Measured]| {
        let rates: Vec<_> = all.iter().map(|it| it.per_second).collect();
        let (low, high) = rates.iter().fold((f64::MAX, 0_f64), |(l, h), r| (l.min(*r), h.max(*r)));
        format!("{:.0} ({low:.0}..{high:.0})", middle(rates))
    };
    let latency = |pick: fn(&Measured) -> Duration| {
        let milliseconds = orders.iter().map(|it| pick(it).as_secs_f64() * 1e3).collect();
        format!("{:.1} ms", middle(milliseconds))
    };
    let (p50, p99) = (latency(|it| it.p50), latency(|it| it.p99));
    println!(
        "{clients:>7}  {:>22}  {:>22}  {ratio:>6.2}  {p50}, {p99}",
        rate(&orders),
        rate(&reads)
    );
}

/// The median.
fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
