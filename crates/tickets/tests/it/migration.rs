//! Tickets that were listed before there was an index of their names are in it.

use kernel::{TicketId, UserId};
use outbox::Journal;
use store::{Location, Statement, Store, params};
use testkit::runtime;
use tickets::http::query::parse;
use tickets::queries::list_tickets::ListTickets;

use crate::support::World;

const LISTED_THEN: &str = "insert into tickets (id, seller_id, title, search, price, currency,
     status, version, revision, created_at, updated_at)
     values (?1, ?2, ?3, '', 5, 'EUR', 'approved', 0, 0, 0, 0)";

#[test]
fn tickets_from_before_are_found_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tickets.db");
    let migrations = [outbox::MIGRATIONS, tickets::MIGRATIONS].concat();
    let seller = UserId::generate();
    let ids: Vec<_> = (0..300).map(|_| TicketId::generate()).collect();
    runtime().block_on(async {
        let before = [outbox::MIGRATIONS, &tickets::MIGRATIONS[..1]].concat();
        let then = Store::open(Location::File(&path), &before).unwrap();
        let list = |(number, id): (usize, &TicketId)| {
            let title = if number % 2 == 0 { "Mötley Crüe" } else { "Нау́тилус 東京" };
            Statement::one_row(LISTED_THEN, params![*id, seller, title])
        };
        then.apply(ids.iter().enumerate().map(list).collect()).await.unwrap();
        then.close().await;

        let store = Store::open(Location::File(&path), &migrations).unwrap();
        let world = World::over(Journal::new(store));
        world.check_index().await;
        for (search, remainder) in [("crue motl", 0), ("НАУТИ", 1), ("京", 1)] {
            let (query, _) = parse(&format!("limit=100&q={search}").replace(' ', "+")).unwrap();
            let found = world.tickets.list_tickets(ListTickets { caller: None, query }).await;
            let found: Vec<_> =
                found.unwrap().tickets.iter().map(|shown| shown.ticket.id).collect();
            let named = ids.iter().enumerate().filter(|(number, _)| number % 2 == remainder);
            let expected: Vec<_> = named.map(|(_, id)| *id).rev().take(100).collect();
            assert_eq!(found, expected, "{search}");
        }
    });
}
