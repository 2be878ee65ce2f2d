//! What of an event open pages are told.

use std::sync::{Arc, OnceLock};

use events::{
    Envelope, Order, OrderCancelled, OrderCompleted, OrderCreated, Payment, PaymentCreated,
    PaymentFailed, PaymentRefunded, PaymentStarted, PublicEvent, Ticket, TicketStatus,
    TicketUpdated,
};
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

/// Something that a page shows has changed. Most of it nobody looks at, so the event is read only
/// when somebody does.
#[derive(Debug)]
pub(super) struct News {
    pub(super) envelope: Arc<Envelope>,
    /// The ticket or the order that it is about.
    pub(super) about: Uuid,
    frame: OnceLock<String>,
}

impl News {
    /// What pages are told of `envelope`, if anything.
    pub(super) fn of(envelope: &Arc<Envelope>) -> Option<Self> {
        let about = match envelope.kind.as_str() {
            PaymentStarted::TYPE
            | PaymentCreated::TYPE
            | PaymentFailed::TYPE
            | PaymentRefunded::TYPE => payment_in(envelope)?.order_id.as_uuid(),
            _ => envelope.subject,
        };
        Some(Self { envelope: Arc::clone(envelope), about, frame: OnceLock::new() })
    }

    /// As it goes over the wire; nothing, where the event can't be read.
    pub(super) fn frame(&self) -> &str {
        self.frame.get_or_init(|| {
            let id = self.envelope.id;
            let frame = |(name, data)| format!("id: {id}\nevent: {name}\ndata: {data}\n\n");
            told(&self.envelope).map_or_else(String::new, frame)
        })
    }
}

/// What the script calls it, and JSON on one line.
fn told(envelope: &Envelope) -> Option<Told> {
    match envelope.kind.as_str() {
        TicketUpdated::TYPE => Some(of_ticket(&envelope.open::<TicketUpdated>().ok()?.0)),
        OrderCreated::TYPE => Some(of_order(&envelope.open::<OrderCreated>().ok()?.0)),
        OrderCancelled::TYPE => Some(of_order(&envelope.open::<OrderCancelled>().ok()?.0)),
        OrderCompleted::TYPE => Some(of_order(&envelope.open::<OrderCompleted>().ok()?.0)),
        _ => payment_in(envelope).as_ref().map(of_payment),
    }
}

fn payment_in(envelope: &Envelope) -> Option<Payment> {
    match envelope.kind.as_str() {
        PaymentStarted::TYPE => Some(envelope.open::<PaymentStarted>().ok()?.0),
        PaymentCreated::TYPE => Some(envelope.open::<PaymentCreated>().ok()?.0),
        PaymentFailed::TYPE => Some(envelope.open::<PaymentFailed>().ok()?.0),
        PaymentRefunded::TYPE => Some(envelope.open::<PaymentRefunded>().ok()?.0),
        _ => None,
    }
}

type Told = (&'static str, String);

/// Whether a ticket can be had; who has it, pages aren't told.
fn of_ticket(ticket: &Ticket) -> Told {
    let state = match (ticket.status, ticket.order_id, ticket.reserved_until) {
        (TicketStatus::Withdrawn, ..) => "withdrawn",
        (_, None, _) => "free",
        (_, Some(_), Some(_)) => "reserved",
        (_, Some(_), None) => "sold",
    };
    let data = json!({ "id": ticket.id, "version": ticket.version, "state": state });
    ("ticket", data.to_string())
}

fn of_order(order: &Order) -> Told {
    let data = json!({ "id": order.id, "version": order.version, "status": order.status });
    ("order", data.to_string())
}

fn of_payment(payment: &Payment) -> Told {
    let data = json!({ "order": payment.order_id, "status": payment.status });
    ("payment", data.to_string())
}
