//! An event that can't be handled is parked after its tries, those behind it are handled meanwhile,
//! and it is handled once its cause is gone.

use std::path::Path;

use testkit::postgres_client;

use super::site::Site;
use crate::program::run;

/// Orders can't know of a ticket with this name, and believes that it could, another time.
const POISON: &str = "create function poisoned() returns trigger language plpgsql as
     $$ begin raise exception 'poisoned' using errcode = 'serialization_failure'; end $$;
     create trigger poison before insert on listings for each row
         when (new.title = 'Poison') execute function poisoned()";

const REMEDY: &str = "drop trigger poison on listings";

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_message_is_parked_and_replayed() {
    let site = Site::start(&[("AMQP_ATTEMPTS_MAX", "3"), ("RUST_LOG", "warn")]);
    let (exchange, backends) = (&site.exchange, &site.exchange.cluster().options().backends);
    let database = format!("{}/{}", backends.postgres, backends.database);
    let orders = postgres_client(&format!("{database}_orders")).await;
    orders.batch_execute(POISON).await.unwrap();

    let (seller, buyer) = (exchange.person().await, exchange.person().await);
    let poison = seller.list_ticket("Poison", 10.0).await;
    for number in 0..20 {
        let ticket = seller.list_ticket(&format!("Behind it {number}"), 10.0).await;
        buyer.place_order(&ticket).await;
    }
    let databases = exchange.databases();
    let parked = exchange.reaches(|| databases.dead_letters().len() == 1).await;
    assert!(parked, "{:?}", databases.dead_letters());
    assert!(databases.dead_letters()[0].contains(&poison), "{:?}", databases.dead_letters());
    exchange.drain().await;

    orders.batch_execute(REMEDY).await.unwrap();
    let settings = [("DATABASE_URL", database.as_str())];
    let output = run(Path::new("/"), &["dead-letters", "replay", "--all"], &settings);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success() && said.contains("handled"), "{said}");
    exchange.drain().await;
    assert_eq!(databases.dead_letters(), Vec::<String>::new());
    buyer.place_order(&poison).await;
}
