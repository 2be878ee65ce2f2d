//! What of an event open pages are told.

use events::{
    Envelope, Order, OrderCancelled, OrderCompleted, OrderCreated, Payment, PaymentCreated,
    PaymentFailed, PaymentRefunded, PaymentStarted, PublicEvent, Ticket, TicketStatus,
    TicketUpdated,
};
use kernel::{EventId, Timestamp};
use serde_json::json;
use uuid::Uuid;

/// The events that pages are told of.
pub(super) const KINDS: &[&str] = &[
    TicketUpdated::TYPE,
    OrderCreated::TYPE,
    OrderCancelled::TYPE,
    OrderCompleted::TYPE,
    PaymentStarted::TYPE,
    PaymentCreated::TYPE,
    PaymentFailed::TYPE,
    PaymentRefunded::TYPE,
];

/// Something that a page shows has changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct News {
    pub(super) id: EventId,
    /// When it was committed.
    pub(super) at: Timestamp,
    /// The ticket or the order that it is about.
    pub(super) about: Uuid,
    /// What the script calls it.
    name: &'static str,
    /// JSON, on one line.
    data: String,
}

impl News {
    /// What pages are told of `envelope`, if anything.
    pub(super) fn of(envelope: &Envelope) -> Option<Self> {
        let (name, about, data) = match envelope.kind.as_str() {
            TicketUpdated::TYPE => of_ticket(&envelope.open::<TicketUpdated>().ok()?.0),
            OrderCreated::TYPE => of_order(&envelope.open::<OrderCreated>().ok()?.0),
            OrderCancelled::TYPE => of_order(&envelope.open::<OrderCancelled>().ok()?.0),
            OrderCompleted::TYPE => of_order(&envelope.open::<OrderCompleted>().ok()?.0),
            PaymentStarted::TYPE => of_payment(&envelope.open::<PaymentStarted>().ok()?.0),
            PaymentCreated::TYPE => of_payment(&envelope.open::<PaymentCreated>().ok()?.0),
            PaymentFailed::TYPE => of_payment(&envelope.open::<PaymentFailed>().ok()?.0),
            PaymentRefunded::TYPE => of_payment(&envelope.open::<PaymentRefunded>().ok()?.0),
            _ => return None,
        };
        Some(Self { id: envelope.id, at: envelope.time, about, name, data })
    }

    #[cfg(test)]
    pub(super) fn sample(id: EventId, at: Timestamp, about: Uuid) -> Self {
        Self { id, at, about, name: "ticket", data: "{}".to_owned() }
    }

    /// As it goes over the wire.
    pub(super) fn frame(&self) -> String {
        let Self { id, name, data, .. } = self;
        format!("id: {id}\nevent: {name}\ndata: {data}\n\n")
    }
}

type Told = (&'static str, Uuid, String);

/// Whether a ticket can be had; who has it, pages aren't told.
fn of_ticket(ticket: &Ticket) -> Told {
    let state = match (ticket.status, ticket.order_id, ticket.reserved_until) {
        (TicketStatus::Withdrawn, ..) => "withdrawn",
        (_, None, _) => "free",
        (_, Some(_), Some(_)) => "reserved",
        (_, Some(_), None) => "sold",
    };
    let data = json!({ "id": ticket.id, "version": ticket.version, "state": state });
    ("ticket", ticket.id.as_uuid(), data.to_string())
}

fn of_order(order: &Order) -> Told {
    let data = json!({ "id": order.id, "version": order.version, "status": order.status });
    ("order", order.id.as_uuid(), data.to_string())
}

fn of_payment(payment: &Payment) -> Told {
    let data = json!({ "order": payment.order_id, "status": payment.status });
    ("payment", payment.order_id.as_uuid(), data.to_string())
}
