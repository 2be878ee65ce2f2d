//! Every service is restarted, one process after the other, while people buy and sell.

use std::sync::Arc;

use cluster::Role;
use testkit::Dice;
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
    tokio::task::block_in_place(|| {
        for role in Role::ALL {
            cluster.restart(role).unwrap();
        }
    });
    end.cancel();
    let count = load.join().await;
    println!("{count:?}");
    assert!(count.answered > 500, "there was hardly any load: {count:?}");
    site.exchange.drain().await;
    check_nothing_lost(&site.exchange.databases(), &ledger, 0);
}
