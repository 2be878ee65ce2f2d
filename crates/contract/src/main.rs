//! Does the API do what its document says? Starts the program, gives it people, tickets, orders
//! and payments, and lets schemathesis (<https://schemathesis.io>) read `/open-api-json` and send
//! thousands of requests that follow it, break it, and build on each other's answers. Every answer
//! must be one that the document allows, and none may be a fault of ours.
//!
//! Run by `cargo xtask contract`, which installs schemathesis and builds the program.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use testkit::{Person, TestPlatform};

/// Things of each kind that exist when the requests begin.
const EACH: usize = 100;

/// Generated requests for each operation in each phase, at most.
const EXAMPLES: &str = "60";

/// Left out, because the contract says otherwise: what was withdrawn or cancelled can still be
/// seen, and 400 also tells of a rule of the trade, which the check in [`HOOKS`] tells apart.
const EXCLUDED: &str = "use_after_free,positive_data_acceptance";

/// Maps generated ids to those of things that exist.
const HOOKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/hooks.py");

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: contract PATH-OF-TICKETING PATH-OF-SCHEMATHESIS [ITS-OPTIONS]";
    let program = arguments.next().context(usage)?;
    let schemathesis = arguments.next().context(usage)?;
    let options: Vec<_> = arguments.collect();
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(check(Box::leak(program.into_boxed_str()), &schemathesis, &options))
}

async fn check(
    program: &'static str,
    schemathesis: &str,
    options: &[String],
) -> anyhow::Result<()> {
    let exchange = TestPlatform::start(program, &[("RUST_LOG", "warn")]);
    let caller = exchange.person().await;
    let known = populate(&exchange, &caller).await.to_string();
    exchange.drain().await;
    let folder = exchange.data();
    let folder = folder.parent().context("the data folder has a parent")?;
    let file = folder.join("known.json");
    std::fs::write(&file, known).context("the known things")?;
    let status = run(folder, &file, exchange.url(), &caller, schemathesis, options)?;
    ensure!(status, "the API and its document disagree; see above");
    // dropping the platform checks that nothing was left unsent, and that it stops well
    drop(exchange);
    Ok(())
}

/// Tickets of somebody else, and the caller's orders and payments.
async fn populate(exchange: &TestPlatform, caller: &Person) -> Value {
    let seller = exchange.person().await;
    let (mut tickets, mut orders, mut payments) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..EACH {
        tickets.push(seller.list_ticket("Nick Cave, Berlin", 10.0).await);
        tickets.push(caller.list_ticket("Patti Smith, Lyon", 20.0).await);
        let reserved = seller.list_ticket("Arlo Parks, London", 30.0).await;
        let order = caller.place_order(&reserved).await;
        if number % 2 == 0 {
            let payment = caller.pay(&order, "tok_visa").await.expect(201);
            payments.push(payment["id"].clone());
        }
        orders.push(order);
    }
    json!({ "tickets": tickets, "orders": orders, "payments": payments })
}

fn run(
    folder: &Path,
    known: &Path,
    url: &str,
    caller: &Person,
    schemathesis: &str,
    options: &[String],
) -> anyhow::Result<bool> {
    let status = Command::new(schemathesis)
        .args(["run", &format!("{url}/open-api-json")])
        .args(["--header", &format!("Authorization: Bearer {}", caller.token)])
        .args([
            "--checks",
            "all",
            "--exclude-checks",
            EXCLUDED,
            "--max-examples",
            EXAMPLES,
            "--workers",
            "2",
        ])
        .args(["--continue-on-failure", "--warnings", "off"])
        .args(options)
        .current_dir(folder)
        .env("SCHEMATHESIS_HOOKS", HOOKS)
        .env("TICKETING_KNOWN", known)
        .status()
        .with_context(|| format!("can't start {schemathesis}"))?;
    Ok(status.success())
}
