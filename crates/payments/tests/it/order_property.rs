//! However an order's events are delivered, what can be paid is what the newest says.

use std::sync::Arc;

use events::{Envelope, Order, OrderCreated, OrderStatus};
use kernel::{Clock, Timestamp, UserId, Version};
use outbox::Journal;
use proptest::prelude::*;
use store::params;

use crate::gateway::Gateway;
use testkit::{ManualClock, cases, deliveries, runtime, sealed};

use crate::support::{cancelled, completed, deliver, payments, placed};

const PAYABLE: &str = "select buyer_id, price, currency, status, expires_at, version
     from payable_orders where order_id = ?1";

/// What becomes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Open,
    /// Cancelled before anybody tried to pay.
    GivenBack,
    /// Cancelled while it awaited payment.
    Unpaid,
    Complete,
}

impl Fate {
    const ALL: [Self; 4] = [Self::Open, Self::GivenBack, Self::Unpaid, Self::Complete];

    const fn events(self) -> usize {
        if matches!(self, Self::Open) { 1 } else { 2 }
    }

    fn tell(self, order: &Order) -> Vec<Arc<Envelope>> {
        let mut told = vec![sealed(OrderCreated(order.clone()))];
        match self {
            Self::Open => {}
            Self::GivenBack => told.push(cancelled(order, 1)),
            Self::Unpaid => told.push(cancelled(order, 2)),
            Self::Complete => told.push(completed(order)),
        }
        told
    }

    const fn end(self) -> (OrderStatus, u32) {
        match self {
            Self::Open => (OrderStatus::Created, 0),
            Self::GivenBack => (OrderStatus::Cancelled, 1),
            Self::Unpaid => (OrderStatus::Cancelled, 2),
            Self::Complete => (OrderStatus::Complete, 2),
        }
    }
}

/// What this context knows of an order.
#[derive(Debug, PartialEq, Eq)]
struct Payable {
    buyer: UserId,
    price_minor: i64,
    currency: String,
    status: String,
    expires_at: Timestamp,
    version: Version,
}

impl Payable {
    fn expected(order: &Order, fate: Fate) -> Self {
        let (status, version) = fate.end();
        Self {
            buyer: order.user_id,
            price_minor: order.ticket.price.of(order.ticket.currency).minor(),
            currency: order.ticket.currency.code().to_owned(),
            status: status.as_str().to_owned(),
            expires_at: order.expires_at,
            version: Version::new(version),
        }
    }

    async fn find(journal: &Journal, order: &Order) -> Self {
        let rows = journal.query(PAYABLE, params![order.id]).await.unwrap();
        Self {
            buyer: rows[0].get(0).unwrap(),
            price_minor: rows[0].get(1).unwrap(),
            currency: rows[0].get(2).unwrap(),
            status: rows[0].get(3).unwrap(),
            expires_at: rows[0].get(4).unwrap(),
            version: rows[0].get(5).unwrap(),
        }
    }
}

#[test]
fn the_newest_version_of_an_order_is_what_can_be_paid() {
    let (runtime, clock) = (runtime(), ManualClock::started());
    let gateway = Arc::new(Gateway::new(Vec::new()));
    let context = payments(testkit::engine(), gateway, clock.clone());
    let (payments, _place) = runtime.block_on(context);
    let consumer = payments::subscription(&payments).consumer;
    let fates = prop::sample::select(Fate::ALL.to_vec());
    let stories = fates.prop_flat_map(|fate| (Just(fate), deliveries(fate.events())));
    proptest!(cases(2_000), |((fate, deliveries) in stories)| {
        let order = placed(clock.now());
        let history = fate.tell(&order);
        let known = runtime.block_on(async {
            for event in deliveries {
                deliver(&*consumer, &history[event]).await;
            }
            Payable::find(&payments.journal, &order).await
        });
        prop_assert_eq!(known, Payable::expected(&order, fate));
    });
}
