//! The permission port, with the file that Ory Keto loads.

use std::sync::Arc;

use auth::{Auth, AuthError, HashCost, Options};
use kernel::{Clock, OrderId, PaymentId, SystemClock, TicketId, UserId};
use ory::rights::{EditOrder, EditTicket, OrderTicket, ViewOrder, ViewPayment};
use ory::{Denied, Object, Permissions, Query, Tuple, permit, tuples};
use outbox::Journal;
use store::{Location, Store};

use crate::world::{NAMESPACES, World};

fn parsed(lines: &str) -> Vec<Tuple> {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| line.parse().unwrap()).collect()
}

/// A seller's ticket, a buyer's order for it, a payer's payment for that, and the moderation.
async fn exchange(world: &World) -> Arc<dyn Permissions> {
    let permissions = world.auth.permissions(Vec::new());
    let tuples = parsed(
        "Ticket:T#owners@User:seller
         Order:O#owners@User:buyer
         Order:O#parents@Ticket:T
         Payment:P#owners@User:payer
         Payment:P#parents@Order:O
         Moderation:M#editors@Group:admin#members
         Group:admin#members@User:admin",
    );
    permissions.write(&tuples).await.unwrap();
    permissions
}

async fn asks(permissions: &dyn Permissions, query: &str) -> bool {
    let query: Query = query.parse().unwrap();
    permissions.check(&query).await.unwrap()
}

#[tokio::test]
async fn everybody_has_the_rights_of_the_contract_and_no_others() {
    let world = World::new().await;
    let permissions = exchange(&world).await;
    for (right, allowed) in [
        ("Ticket:T#edit", &["seller"][..]),
        ("Ticket:T#order", &["buyer", "payer", "admin", "stranger"]),
        ("Ticket:T#view", &["seller", "buyer", "payer", "admin", "stranger"]),
        ("Order:O#edit", &["buyer"]),
        ("Order:O#view", &["buyer", "seller"]),
        ("Payment:P#edit", &["payer"]),
        ("Payment:P#view", &["payer", "buyer", "seller"]),
        ("Moderation:M#edit", &["admin"]),
        ("Moderation:M#view", &["admin"]),
        ("Group:admin#members", &["admin"]),
        ("Ticket:other#edit", &[]),
        ("Order:other#view", &[]),
    ] {
        for person in ["seller", "buyer", "payer", "admin", "stranger"] {
            let query = format!("{right}@User:{person}");
            let expected = allowed.contains(&person);
            assert_eq!(asks(&*permissions, &query).await, expected, "{query}");
        }
    }
}

#[tokio::test]
async fn permits_are_given_for_real_ids() {
    let world = World::new().await;
    let permissions = world.auth.permissions(Vec::new());
    let [seller, buyer] = [UserId::generate(), UserId::generate()];
    let (ticket, order) = (TicketId::generate(), OrderId::generate());
    let payment = PaymentId::generate();
    let written = [
        tuples::ticket_owner(ticket, seller),
        tuples::order_owner(order, buyer),
        tuples::order_parent(order, ticket),
        tuples::payment_owner(payment, buyer),
        tuples::payment_parent(payment, order),
    ];
    permissions.write(&written).await.unwrap();
    let asked = &*permissions;
    assert!(permit::<EditTicket>(asked, seller, ticket).await.is_ok());
    assert!(permit::<OrderTicket>(asked, buyer, ticket).await.is_ok());
    assert!(permit::<ViewOrder>(asked, seller, order).await.is_ok());
    assert!(permit::<ViewPayment>(asked, seller, payment).await.is_ok());
    let denied = permit::<EditOrder>(asked, seller, order).await.unwrap_err();
    assert!(matches!(denied, Denied::No { .. }), "{denied}");
}

#[tokio::test]
async fn writing_twice_is_writing_once() {
    let world = World::new().await;
    let permissions = world.auth.permissions(Vec::new());
    let tuples = parsed("Ticket:T#owners@User:a\nTicket:T#owners@User:b");
    for _ in 0..2 {
        permissions.write(&tuples).await.unwrap();
    }
    permissions.write(&[]).await.unwrap();
    assert_eq!(world.count("tuples").await, 2);
    let listed = permissions.list(&Object::new("Ticket", "T"), "owners").await.unwrap();
    assert_eq!(listed, tuples);
    assert!(permissions.list(&Object::new("Ticket", "X"), "owners").await.unwrap().is_empty());
}

#[tokio::test]
async fn what_was_deleted_gives_no_right() {
    let world = World::new().await;
    let permissions = exchange(&world).await;
    let gone = parsed("Group:admin#members@User:admin\nOrder:O#parents@Ticket:T");
    for _ in 0..2 {
        permissions.delete(&gone).await.unwrap();
    }
    assert!(!asks(&*permissions, "Moderation:M#edit@User:admin").await);
    assert!(!asks(&*permissions, "Order:O#view@User:seller").await);
    assert!(asks(&*permissions, "Order:O#view@User:buyer").await);
    assert_eq!(world.count("tuples").await, 5);
}

/// An operator's command runs beside the exchange, which nobody tells of it.
#[tokio::test]
async fn what_another_process_writes_counts_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.db");
    let migrations = [outbox::MIGRATIONS, auth::MIGRATIONS].concat();
    let cheap = HashCost { memory_kib: 8, iterations: 1 };
    let store = Store::open(Location::File(&path), &migrations).unwrap();
    let exchange = World::over(Journal::new(store), cheap);
    let beside = Store::open_beside(&path, &migrations).unwrap();
    let operator = World::over(Journal::new(beside), cheap);
    let (asked, written) =
        (exchange.auth.permissions(Vec::new()), operator.auth.permissions(Vec::new()));
    asked.write(&parsed("Moderation:M#editors@Group:admin#members")).await.unwrap();
    let membership = parsed("Group:admin#members@User:u");
    for _ in 0..3 {
        assert!(!asks(&*asked, "Moderation:M#edit@User:u").await);
        written.write(&membership).await.unwrap();
        assert!(asks(&*asked, "Moderation:M#edit@User:u").await);
        written.delete(&membership).await.unwrap();
    }
    assert!(!asks(&*asked, "Moderation:M#edit@User:u").await);
}

#[tokio::test]
async fn one_tuple_that_does_not_fit_keeps_all_out() {
    let world = World::new().await;
    let permissions = world.auth.permissions(Vec::new());
    for bad in [
        "Ticket:T#friends@User:a",
        "Ticket:T#edit@User:a",
        "Concert:C#owners@User:a",
        "Ticket:T#owners@Ticket:U",
        "Moderation:M#editors@User:a",
    ] {
        let tuples = parsed(&format!("Ticket:T#owners@User:a\n{bad}"));
        let error = permissions.write(&tuples).await.unwrap_err();
        assert_eq!(error.operation, "write tuples", "{bad}");
        assert!(error.reason.contains(bad), "{}", error.reason);
    }
    assert_eq!(world.count("tuples").await, 0);
}

#[tokio::test]
async fn a_question_without_an_answer_is_no_yes() {
    let world = World::new().await;
    let permissions = exchange(&world).await;
    for query in
        ["Concert:C#view@User:seller", "Ticket:T#sell@User:seller", "Ticket:T#view@Robot:seller"]
    {
        let query: Query = query.parse().unwrap();
        let error = permissions.check(&query).await.unwrap_err();
        assert_eq!(error.operation, "check a permission");
    }
}

#[tokio::test]
async fn a_wrong_permission_file_or_cost_is_refused() {
    let world = World::new().await;
    let new = |namespaces: &str, hash_cost| {
        let mut options = Options::new("http://localhost");
        options.hash_cost = hash_cost;
        let clock: Arc<dyn Clock> = SystemClock::shared();
        Auth::new(world.journal.clone(), clock, namespaces, options).err().unwrap()
    };
    let error = new("class Ticket implements", HashCost::default());
    assert!(matches!(error, AuthError::Model(_)), "{error}");
    let free = HashCost { memory_kib: 0, iterations: 0 };
    let error = new(NAMESPACES, free);
    assert!(matches!(error, AuthError::HashCost(_)), "{error}");
}
