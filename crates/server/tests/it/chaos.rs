//! Two of each service behind nginx, on servers of their own, with customers, while processes and
//! servers are killed and stopped, one at a time and in pairs: nobody waits for an answer in vain,
//! and afterwards everything is as it was promised.
//!
//! `TICKETING_CHAOS_ROUNDS=30` has more rounds; `TICKETING_CHAOS_SEED` repeats those of another
//! run.

mod faults;
mod poison;
mod rolling;
mod site;

use std::sync::Arc;
use std::time::{Duration, Instant};

use testkit::{Databases, Dice, Person, TestPlatform};
use tokio_util::sync::CancellationToken;

use crate::crash::ledger::Ledger;
use crate::crash::load::{self, Count, Until};
use crate::crash::{check_copies, check_nothing_lost};
use crate::mishaps::check_money;
use crate::observability::timers_fired;
use faults::Faults;
use site::Site;

/// Enough to see that it works; many find more.
const ROUNDS: usize = 2;

const PEOPLE: usize = 12;

/// How long all may take to be as it was promised, once everything is there again: as long as the
/// longest pause before another try of an event, and something more.
const PATIENCE: Duration = Duration::from_secs(100);

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_killed_or_stopped_nothing_is_lost() {
    let seed = variable("TICKETING_CHAOS_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    let rounds = variable("TICKETING_CHAOS_ROUNDS").map_or(ROUNDS, |rounds| rounds as usize);
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let site = Site::start(&[("EXPIRATION_WINDOW_SECONDS", "3"), ("RUST_LOG", "warn")]);
    let mut people = Vec::new();
    for _ in 0..PEOPLE {
        people.push(site.exchange.person().await);
    }
    let ledger = Arc::new(Ledger::default());
    for round in 0..rounds {
        let faults = Faults::roll(&mut dice);
        println!("round {round}: {faults:?}");
        let (count, healed) = play(&site, faults, &people, &ledger, &mut dice).await;
        println!("round {round}: {count:?}; whole again after {healed:?}");
        let rested = Instant::now();
        comes_to_rest(&site.exchange, round).await;
        check_nothing_lost(&site.exchange.databases(), &ledger, round);
        println!("round {round}: at rest after {:?}", rested.elapsed());
    }
    // it was the timers, and not orders' look for what they have missed
    assert!(timers_fired(&site.exchange).is_some());
    let (tickets, orders, payments) = ledger.counts();
    println!("answered with 2xx: {tickets} tickets, {orders} orders, {payments} payments");
    assert!(tickets > 20 * rounds && orders > 10 * rounds, "there was hardly any load");
}

/// One round: customers before, during and after the faults. Answers what they met, and how long
/// it took to put things right.
async fn play(
    site: &Site,
    faults: Faults,
    people: &[Person],
    ledger: &Arc<Ledger>,
    dice: &mut Dice,
) -> (Count, Duration) {
    let end = CancellationToken::new();
    let load = load::start(people, ledger, dice, &Until::ToldAmidFaults(end.clone()));
    let pass = |most: u64, dice: &mut Dice| {
        site.exchange.pass(Duration::from_millis(500 + dice.below(most as usize) as u64))
    };
    pass(1000, dice).await;
    let (cluster, servers) = (site.exchange.cluster(), &site.servers.servers);
    // the customers go on on the other threads
    tokio::task::block_in_place(|| faults.strike(cluster, servers));
    site.exchange.pass(faults.away).await;
    let began = Instant::now();
    tokio::task::block_in_place(|| faults.heal(cluster, servers));
    let healed = began.elapsed();
    pass(1000, dice).await;
    end.cancel();
    (load.join().await, healed)
}

/// Unpaid orders end, timers fire, events are handled, money is settled; then all agree.
async fn comes_to_rest(exchange: &TestPlatform, round: usize) {
    let databases = exchange.databases();
    let open = "select count(*) from orders where status in ('created', 'awaiting:payment')";
    let deadline = Instant::now() + PATIENCE;
    // bounded: by PATIENCE
    while databases.number("orders", open) > 0 || !databases.is_at_rest() || messages(exchange) > 0
    {
        let left = (databases.number("orders", open), databases.rest());
        let late = Instant::now() > deadline;
        assert!(!late, "round {round}: {} orders are open, {}\n{}", left.0, left.1, exchange.log());
        exchange.pass(Duration::from_millis(50)).await;
    }
    check_money(&databases);
    check_copies(&databases, round);
    check_states(&databases, round);
    assert_eq!(databases.dead_letters(), Vec::<String>::new(), "round {round}");
}

/// How many events wait at the broker.
fn messages(exchange: &TestPlatform) -> u64 {
    exchange.cluster().options().backends.messages().unwrap()
}

/// Everything is in a state that the contract knows, and that nothing can leave any more.
fn check_states(databases: &Databases, round: usize) {
    let orders = "select count(*) from orders where not (status = 'complete'
         or (status = 'cancelled' and cancel_reason in ('buyer', 'expired', 'payment_failed')))";
    assert_eq!(databases.number("orders", orders), 0, "round {round}");
    let payments = "select count(*) from payments
         where status not in ('captured', 'voided', 'failed', 'refunded')";
    assert_eq!(databases.number("payments", payments), 0, "round {round}");
    let live = "select order_id from payments where status not in ('failed', 'voided')
         group by order_id having count(*) > 1";
    assert_eq!(databases.rows("payments", live), Vec::<Vec<String>>::new(), "round {round}");
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}
