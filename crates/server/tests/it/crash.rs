//! `kill -9` at random moments under load: what was answered with 2xx is there after the next
//! start, every guarantee holds, and the exchange comes to rest by itself.

pub(crate) mod ledger;
pub(crate) mod load;

use std::sync::Arc;
use std::time::Duration;

use testkit::{Databases, Dice, TestPlatform};

use crate::mishaps::check_money;
use crate::one_process;
use ledger::Ledger;
use load::Until;

const ROUNDS: usize = 20;
const PEOPLE: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn killed_twenty_times_under_load_it_loses_nothing() {
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let mut exchange = one_process(&[("EXPIRATION_WINDOW_SECONDS", "1"), ("RUST_LOG", "warn")]);
    let mut people = Vec::new();
    for _ in 0..PEOPLE {
        people.push(exchange.person().await);
    }
    let ledger = Arc::new(Ledger::default());
    for round in 0..ROUNDS {
        let url = exchange.url().to_owned();
        let people: Vec<_> = people.iter().map(|person| person.at(&url)).collect();
        let load = load::start(&people, &ledger, &mut dice, &Until::NobodyAnswers);
        exchange.pass(Duration::from_millis(50 + dice.below(600) as u64)).await;
        exchange.kill();
        load.join().await;
        check_nothing_lost(&exchange.databases(), &ledger, round);
        if dice.below(2) == 0 {
            // once more, in the middle of the recovery
            exchange.restart();
            exchange.pass(Duration::from_millis(dice.below(100) as u64)).await;
            exchange.kill();
        }
        exchange.restart();
        check_nothing_lost(&exchange.databases(), &ledger, round);
        comes_to_rest(&exchange, round).await;
        check_nothing_lost(&exchange.databases(), &ledger, round);
    }
    let (tickets, orders, payments) = ledger.counts();
    println!("answered with 2xx: {tickets} tickets, {orders} orders, {payments} payments");
    assert!(tickets > 100 && orders > 50 && payments > 20, "there was hardly any load");
}

/// What was answered is there, and no further back than it was answered.
pub(crate) fn check_nothing_lost(databases: &Databases, ledger: &Ledger, round: usize) {
    let tickets = databases.rows("tickets", "select id, title from tickets");
    let orders = databases.rows("orders", "select id, status from orders");
    let payments = databases.rows("payments", "select id, status from payments");
    let lost = ledger.missing_in(&tickets, &orders, &payments);
    assert!(lost.is_empty(), "round {round}: {lost:#?}");
    let twice = "select ticket_id from orders where status <> 'cancelled'
         group by ticket_id having count(*) > 1";
    assert_eq!(databases.rows("orders", twice), Vec::<Vec<String>>::new(), "sold twice");
}

/// Unpaid orders end, timers fire, events are delivered, money is settled; then all agree.
pub(crate) async fn comes_to_rest(exchange: &TestPlatform, round: usize) {
    let databases = exchange.databases();
    let open = "select count(*) from orders where status in ('created', 'awaiting:payment')";
    let armed = "select count(*) from timers where status = 'armed'";
    let ended = exchange
        .reaches(|| databases.number("orders", open) + databases.number("expiration", armed) == 0)
        .await;
    assert!(ended, "round {round}: orders or timers are left: {}", exchange.log());
    exchange.drain().await;
    check_money(&databases);
    check_copies(&databases, round);
    check_timers(&databases, round);
    assert_eq!(databases.dead_letters(), Vec::<String>::new(), "round {round}");
}

/// Each context's copy of another's data says what the other says.
pub(crate) fn check_copies(databases: &Databases, round: usize) {
    let same = |of: &str, (owner, truth): (&str, &str), (holder, copy): (&str, &str)| {
        let (truth, copy) = (databases.rows(owner, truth), databases.rows(holder, copy));
        assert_eq!(truth, copy, "round {round}: {of}");
    };
    same(
        "orders' copy of tickets",
        (
            "tickets",
            // that a ticket is held is no news to orders, which holds it
            "select id, seller_id, title, price, status,
             case when order_id is null then cast(version as text) else 'held' end
             from tickets order by id",
        ),
        (
            "orders",
            "select ticket_id, seller_id, title, price, status,
             case when exists (select 1 from orders o where o.ticket_id = l.ticket_id
                 and o.status <> 'cancelled') then 'held' else cast(version as text) end
             from listings l order by ticket_id",
        ),
    );
    same(
        "payments' copy of orders",
        (
            "orders",
            // that a payment was started is no news to payments
            "select id, buyer_id, ticket_price,
             case status when 'awaiting:payment' then 'created' else status end,
             case status when 'awaiting:payment' then 0 else version end
             from orders order by id",
        ),
        (
            "payments",
            "select order_id, buyer_id, price, status, version
             from payable_orders order by order_id",
        ),
    );
    let held = "select id, order_id from tickets where order_id is not null order by id";
    let active = "select ticket_id, id from orders where status <> 'cancelled' order by ticket_id";
    same("who holds what", ("orders", active), ("tickets", held));
}

/// Every reservation had its timer.
pub(crate) fn check_timers(databases: &Databases, round: usize) {
    let orders = databases.rows("orders", "select id from orders order by id");
    let timers = databases.rows("expiration", "select order_id from timers order by order_id");
    assert_eq!(orders, timers, "round {round}: timers");
}
