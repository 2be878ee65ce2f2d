//! Who waits for whom.

use std::sync::Arc;
use std::time::Duration;

use events::{Ticket, TicketCreated, TicketUpdated};
use kernel::{Clock, MajorUnits, TicketId, UserId, Version};
use outbox::Remember;
use testkit::{Everybody, client_beside, sealed};
use tokio::time::timeout;
use tokio_postgres::Client;

use crate::support::{World, ticket};

/// Whom `$1` keeps waiting.
const KEPT_WAITING: &str =
    "select pid from pg_stat_activity where $1 = any (pg_blocking_pids(pid))";

/// Begins to store an order for this ticket.
fn begin_order(id: TicketId) -> String {
    format!(
        "begin; insert into orders (id, ticket_id, ticket_title, ticket_price, ticket_currency,
         ticket_version, seller_id, buyer_id, status, expires_at, version, revision, created_at,
         updated_at) values (gen_random_uuid(), '{id}', 'Nick Cave', 1999, 'EUR', 0,
         gen_random_uuid(), gen_random_uuid(), 'created', 0, 0, 0, 0, 0)"
    )
}

/// Waits until `process` keeps another one waiting, and answers which.
async fn kept_waiting_by(process: i32, watcher: &Client) -> i32 {
    // bounded: by the time that the test gives it; asking is what takes the time
    loop {
        let waiting = watcher.query(KEPT_WAITING, &[&process]).await.unwrap();
        if let Some(row) = waiting.first() {
            return row.get(0);
        }
    }
}

/// An order that is being stored waits for another one, which is undone in the end.
#[tokio::test]
async fn a_seller_is_told_after_an_order_that_is_being_stored() {
    let world = Arc::new(World::new().await);
    let rows = world.orders.journal.query("select current_schema()", []).await.unwrap();
    let schema: String = rows[0].get(0).unwrap();
    let (other, watcher) = (client_beside(&schema).await, client_beside(&schema).await);
    let old = ticket(world.clock.now());
    world.deliver(&sealed(TicketCreated(old.clone()))).await;
    other.batch_execute(&begin_order(old.id)).await.unwrap();
    let others: i32 = other.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);

    let permit = ory::permit(&Everybody, UserId::generate(), old.id).await.unwrap();
    let placing = tokio::spawn({
        let orders = world.orders.clone();
        async move { orders.place_order(permit, Remember::NOTHING).await }
    });
    let patience = Duration::from_secs(30);
    let placer = timeout(patience, kept_waiting_by(others, &watcher)).await.unwrap();
    let price = MajorUnits::parse("99").unwrap();
    let new = sealed(TicketUpdated(Ticket { price, version: Version::new(1), ..old.clone() }));
    let mut telling = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.deliver(&new).await }
    });
    let is_told = tokio::select! {
        waits = timeout(patience, kept_waiting_by(placer, &watcher)) => waits.is_err(),
        _ = &mut telling => true,
    };
    other.batch_execute("rollback").await.unwrap();
    assert!(!is_told, "the seller is told before the order is stored");
    assert_eq!(placing.await.unwrap().unwrap().ticket.price, old.price);
    telling.await.unwrap();
}
