//! Pages of orders show every order that stays as it is exactly once, whatever becomes of the
//! others in between; and never one that somebody else has a part in.

use events::OrderStatus;
use kernel::{OrderId, TicketId, Timestamp, UserId};
use orders::queries::list_orders::{ListOrders, Side};
use outbox::Changeset;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use store::{Statement, params};
use testkit::{cases, runtime};
use uuid::Uuid;

use crate::support::World;

const INSERT: &str = "insert into orders (id, ticket_id, ticket_title, ticket_price,
     ticket_currency, ticket_version, seller_id, buyer_id, status, cancel_reason, expires_at,
     version, revision, created_at)
     values (?1, ?2, 'Nick Cave', 5, 'EUR', 0, ?3, ?4, ?5, ?6, 0, 0, 0, 0)";

const CHANGE: &str = "update orders set status = ?2, cancel_reason = ?3 where id = ?1";

#[derive(Debug, Clone)]
struct Row {
    id: Uuid,
    seller: UserId,
    buyer: UserId,
    status: OrderStatus,
}

fn user(number: u128) -> UserId {
    UserId::from(Uuid::from_u128(number + 1))
}

fn rows() -> impl Strategy<Value = Row> {
    let users = || (0..2_u128).prop_map(user);
    (any::<u64>(), users(), users(), select(OrderStatus::ALL)).prop_map(
        |(id, seller, buyer, status)| {
            let id = Uuid::from_u128(u128::from(id) << 64);
            Row { id, seller, buyer, status }
        },
    )
}

impl Row {
    fn reason(&self) -> Option<&'static str> {
        (self.status == OrderStatus::Cancelled).then_some("buyer")
    }

    fn insert(&self) -> Statement {
        let row = params![
            self.id,
            TicketId::generate(),
            self.seller,
            self.buyer,
            self.status.as_str(),
            self.reason(),
        ];
        Statement::one_row(INSERT, row)
    }

    fn change(&self) -> Statement {
        Statement::one_row(CHANGE, params![self.id, self.status.as_str(), self.reason()])
    }

    fn is_shown(&self, query: &ListOrders) -> bool {
        let user = match query.side {
            Side::Buyer => self.buyer,
            Side::Seller => self.seller,
        };
        let any = query.statuses.is_empty();
        user == query.user && (any || query.statuses.contains(&self.status))
    }
}

async fn write(world: &World, statement: Statement) {
    let change = Changeset::new(Timestamp::from_micros(0), vec![statement], Vec::new());
    let _now = world.orders.journal.commit(change).await.unwrap();
}

/// The rows in memory that a page must show.
fn answer(rows: &[Row], query: &ListOrders) -> (Vec<OrderId>, bool) {
    let shown = rows.iter().filter(|row| row.is_shown(query)).map(|row| row.id);
    let mut ids: Vec<_> = shown.filter(|id| query.after.is_none_or(|after| *id < after)).collect();
    ids.sort_by(|a, b| b.cmp(a));
    let limit = query.limit as usize;
    (ids.iter().take(limit).map(|id| OrderId::from(*id)).collect(), ids.len() > limit)
}

#[test]
fn a_walk_shows_what_stays_exactly_once() {
    let runtime = runtime();
    let queries = (
        select(vec![Side::Buyer, Side::Seller]),
        subsequence(OrderStatus::ALL, 0..=OrderStatus::ALL.len()),
        1..5_u32,
    );
    let changes = vec(vec((any::<usize>(), rows()), 0..3), 0..20);
    proptest!(cases(200), |(mut rows in vec(rows(), 0..30), stable in 0..20_usize,
                            (side, statuses, limit) in queries, changes in changes)| {
        runtime.block_on(async {
            let world = World::new().await;
            for row in &rows {
                write(&world, row.insert()).await;
            }
            let stable = stable.min(rows.len());
            let mut query = ListOrders { user: user(0), side, statuses, after: None, limit };
            let (mut seen, mut changes) = (Vec::new(), changes.into_iter());
            // bounded: by the ids, which only go down
            loop {
                let page = world.orders.list_orders(query.clone()).await.unwrap();
                let ids: Vec<_> = page.orders.iter().map(|order| order.id).collect();
                assert_eq!((ids.clone(), page.has_more), answer(&rows, &query));
                seen.extend(ids);
                if !page.has_more {
                    break;
                }
                query.after = seen.last().map(|id| id.as_uuid());
                for (at, row) in changes.next().unwrap_or_default() {
                    let volatile = rows.len() - stable;
                    if at % 2 == 0 || volatile == 0 {
                        write(&world, row.insert()).await;
                        rows.push(row);
                    } else {
                        let known = &mut rows[stable + at % volatile];
                        known.status = row.status;
                        write(&world, known.change()).await;
                    }
                }
            }
            let whole = ListOrders { after: None, limit: 1_000, ..query };
            let (expected, _) = answer(&rows[..stable], &whole);
            let stays = |id: &OrderId| rows[..stable].iter().any(|row| row.id == id.as_uuid());
            assert_eq!(seen.into_iter().filter(stays).collect::<Vec<_>>(), expected);
        });
    });
}
