//! Every service is restarted, one process after the other, while people buy and sell.

use std::sync::Arc;

use cluster::Role;
use testkit::{Dice, Person};
use tokio_util::sync::CancellationToken;

use super::site::Site;
use crate::crash::check_nothing_lost;
use crate::crash::ledger::Ledger;
use crate::crash::load::{self, Until};

const PEOPLE: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_of_every_service_fails_no_request() {
    // longer than nginx keeps an idle connection
    let site = Site::start(&[("STOP_DELAY_SECONDS", "3"), ("RUST_LOG", "warn")]);
    let mut people = Vec::new();
    for _ in 0..PEOPLE {
        people.push(site.exchange.person().await);
    }
    let (ledger, end) = (Arc::new(Ledger::default()), CancellationToken::new());
    let mut dice = Dice::new(u64::from(std::process::id()));
    let load = load::start(&people, &ledger, &mut dice, &Until::Told(end.clone()));
    let cluster = site.exchange.cluster();
    let newcomers = tokio::spawn(sign_up(site.exchange.url().to_owned(), end.clone()));
    tokio::task::block_in_place(|| {
        for role in Role::ALL {
            cluster.restart(role).unwrap();
        }
    });
    end.cancel();
    let newcomers = newcomers.await.unwrap();
    let count = load.join().await;
    assert!(newcomers > 20, "hardly anybody signed up: {newcomers}");
    println!("{count:?}");
    assert!(count.answered > 500, "there was hardly any load: {count:?}");
    site.exchange.drain().await;
    check_nothing_lost(&site.exchange.databases(), &ledger, 0);
}

/// People sign up one after the other; answers how many. A refusal ends the test.
async fn sign_up(url: String, end: CancellationToken) -> usize {
    let mut people = 0;
    // bounded: until the services are restarted
    while !end.is_cancelled() {
        Person::at_url(&url, &format!("newcomer-{people}@example.test")).await;
        people += 1;
    }
    people
}
