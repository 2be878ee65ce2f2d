//! The events' JSON is what other services rely on: each has a golden file. A change shows here
//! first; `UPDATE_GOLDEN=1 cargo test -p events` writes the files anew.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

use std::path::PathBuf;

use events::{Event, ExpirationComplete, Order, Payment, Ticket};
use kernel::{EventId, Timestamp};
use uuid::Uuid;

const ORDER: &str = r#"{"id":"0190163d-8694-739b-aea5-966c26f8ad92",
    "ticket":{"id":"0190163d-8694-739b-aea5-966c26f8ad91","title":"Nick Cave, Berlin",
    "price":19.99,"currency":"EUR","version":3},"userId":"0190163d-8694-739b-aea5-966c26f8ad93",
    "status":"STATUS","expiresAt":"2026-11-22T20:15:00.000Z","version":VERSION,
    "createdAt":"2026-11-22T20:00:00.000Z","updatedAt":"2026-11-22T20:05:00.000Z"}"#;

fn ticket(status: &str) -> Ticket {
    let json = format!(
        r#"{{"id":"0190163d-8694-739b-aea5-966c26f8ad91","title":"Nick Cave, Berlin",
        "description":"Row 3","price":19.99,"currency":"EUR","version":3,
        "userId":"0190163d-8694-739b-aea5-966c26f8ad90","status":"{status}",
        "orderId":"0190163d-8694-739b-aea5-966c26f8ad92",
        "reservedUntil":"2026-11-22T20:15:00.000Z",
        "createdAt":"2026-11-22T19:00:00.000Z","updatedAt":"2026-11-22T20:00:00.000Z"}}"#
    );
    serde_json::from_str(&json).unwrap()
}

fn order(status: &str, version: &str) -> Order {
    let json = ORDER.replace("STATUS", status).replace("VERSION", version);
    serde_json::from_str(&json).unwrap()
}

fn payment(status: &str) -> Payment {
    let json = format!(
        r#"{{"id":"0190163d-8694-739b-aea5-966c26f8ad94",
        "orderId":"0190163d-8694-739b-aea5-966c26f8ad92","stripeId":"pi_0190163d8694739b",
        "version":1,"status":"{status}","amount":19.99,"currency":"EUR"}}"#
    );
    serde_json::from_str(&json).unwrap()
}

fn one_of_each() -> Vec<Event> {
    let cancelled =
        Order { cancel_reason: Some(events::CancelReason::Expired), ..order("cancelled", "1") };
    let id = cancelled.id;
    vec![
        events::TicketCreated(ticket("approved")).into(),
        events::TicketUpdated(ticket("withdrawn")).into(),
        events::OrderCreated(order("created", "0")).into(),
        events::OrderCancelled(cancelled).into(),
        events::OrderCompleted(order("complete", "2")).into(),
        ExpirationComplete { id }.into(),
        events::PaymentStarted(payment("pending")).into(),
        events::PaymentCreated(payment("authorized")).into(),
        events::PaymentFailed(payment("failed")).into(),
        events::PaymentRefunded(payment("refunded")).into(),
    ]
}

#[test]
fn every_event_is_written_as_its_golden_file_says() {
    let id = EventId::from(Uuid::try_parse("0190163d-8694-739b-aea5-966c26f8ad9f").unwrap());
    let time = Timestamp::from_micros(1_795_377_600_000_000);
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned();
    let kinds: Vec<_> = one_of_each().iter().map(Event::kind).collect();
    assert_eq!(kinds, Event::TYPES);
    for event in one_of_each() {
        let envelope = event.seal(id, time, Some(trace.clone())).unwrap();
        let json = serde_json::to_string_pretty(&envelope).unwrap() + "\n";
        let file = format!("golden/{}.json", event.kind().replace(':', "_"));
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &json).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap();
        let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parsed(&json), parsed(&golden), "{}", path.display());
    }
}

#[test]
fn an_envelope_opens_as_its_own_type_only() {
    let event = Event::from(events::OrderCreated(order("created", "0")));
    let envelope = event.seal(EventId::generate(), Timestamp::from_micros(0), None).unwrap();
    let text = serde_json::to_string(&envelope).unwrap();
    let back: events::Envelope = serde_json::from_str(&text).unwrap();
    assert_eq!(back.open::<events::OrderCreated>().unwrap().0, order("created", "0"));
    let error = back.open::<events::OrderCancelled>().unwrap_err();
    assert!(error.to_string().contains("can't be read as order:cancelled"));
}

#[test]
fn an_order_of_before_its_last_change_was_kept_is_read() {
    let known = order("complete", "2");
    let mut json = serde_json::to_value(&known).unwrap();
    json.as_object_mut().unwrap().remove("updatedAt").unwrap();
    let before: Order = serde_json::from_value(json).unwrap();
    assert_eq!((before.changed_at(), known.changed_at()), (None, Some(known.updated_at)));
}
