//! The race the exchange exists for: many buyers, few tickets, everybody at once.

use std::collections::HashMap;

use futures_util::future::join_all;

use crate::exchange;

const BUYERS: usize = 200;
const TICKETS: usize = 20;
const ROUNDS: usize = 20;

/// Every buyer goes for one of the tickets, ten for each, all at the same moment; in every round
/// each ticket goes to exactly one of them, and everybody else hears why not.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_buyers_race_for_twenty_tickets() {
    let exchange = exchange(&[("RUST_LOG", "warn")]);
    let seller = exchange.person().await;
    let buyers = join_all((0..BUYERS).map(|_| exchange.person())).await;
    for round in 0..ROUNDS {
        let titles: Vec<_> = (0..TICKETS).map(|n| format!("Round {round}, seat {n}")).collect();
        let tickets = join_all(titles.iter().map(|title| seller.list_ticket(title, 50.0))).await;
        let racers: Vec<_> = buyers
            .iter()
            .enumerate()
            .map(|(n, buyer)| {
                let (buyer, ticket) = (buyer.clone(), tickets[n % TICKETS].clone());
                tokio::spawn(async move { (buyer.order(&ticket).await, ticket) })
            })
            .collect();
        let mut winners: HashMap<String, u32> = HashMap::new();
        for racer in racers {
            let (answer, ticket) = racer.await.unwrap();
            match answer.status.as_u16() {
                201 => *winners.entry(ticket).or_default() += 1,
                400 => {
                    assert_eq!(answer.problem(), "ticket-already-reserved");
                    assert!(answer.body["detail"].as_str().unwrap().contains("Somebody else"));
                }
                status => panic!("{status}: {:#}", answer.body),
            }
        }
        assert_eq!(winners.len(), TICKETS, "each ticket was sold");
        assert!(winners.values().all(|won| *won == 1), "and to one buyer: {winners:?}");
    }
    exchange.drain().await;
    let databases = exchange.databases();
    let active = "select count(*) from orders where status <> 'cancelled'";
    assert_eq!(databases.number("orders", active), (TICKETS * ROUNDS) as i64);
    let held = "select count(*) from tickets where order_id is not null";
    assert_eq!(databases.number("tickets", held), (TICKETS * ROUNDS) as i64);
}
