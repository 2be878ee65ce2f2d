//! An event as an AMQP message: CloudEvents' structured mode, so that the body is the whole
//! envelope, which is stored, forwarded and parked as it is. The attributes are there once more as
//! headers and properties, for those who look at queues or route by them.
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/amqp-protocol-binding.md>

use events::Envelope;
use kernel::{EventId, Timestamp};
use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable};
use sha2::{Digest, Sha256};

use crate::Unreadable;

const CONTENT_TYPE: &str = "application/cloudevents+json; charset=UTF-8";

/// AMQP's number for "keep this when you are restarted".
const PERSISTENT: u8 = 2;

/// How often the message was delivered in vain.
const ATTEMPTS: &str = "x-ticketing-attempts";

/// When it is to be handled, in microseconds since 1970.
const DUE: &str = "x-ticketing-due";

/// How often a quorum queue got it back from a consumer that went away.
const GIVEN_BACK: &str = "x-delivery-count";

/// How much of what can't be read is kept, in bytes.
const UNREADABLE_MAX: usize = 64 * 1024;

/// A body with what stands around it.
pub(super) struct Message {
    pub(super) body: Vec<u8>,
    pub(super) properties: BasicProperties,
}

impl Message {
    /// `envelope`, ready to be published.
    pub(super) fn seal(envelope: &Envelope) -> Result<Self, serde_json::Error> {
        let body = serde_json::to_vec(envelope)?;
        let seconds = u64::try_from(envelope.time.as_micros() / 1_000_000).unwrap_or(0);
        let properties = BasicProperties::default()
            .with_content_type(CONTENT_TYPE.into())
            .with_delivery_mode(PERSISTENT)
            .with_message_id(envelope.id.to_string().into())
            .with_type(envelope.kind.as_str().into())
            .with_timestamp(seconds)
            .with_app_id(envelope.source.trim_start_matches('/').into())
            .with_headers(headers(envelope));
        Ok(Self { body, properties })
    }

    /// What was delivered, to be delivered again at `due`, after `attempts` in vain.
    pub(super) fn again(delivery: &Delivery, attempts: u32, due: Timestamp) -> Self {
        let headers = delivery.properties.headers().as_ref();
        let mut headers = headers.map(|headers| headers.inner().clone()).unwrap_or_default();
        // it is in `attempts` now; the broker begins to count anew
        headers.remove(GIVEN_BACK);
        headers.insert(ATTEMPTS.into(), AMQPValue::LongLongInt(i64::from(attempts)));
        headers.insert(DUE.into(), AMQPValue::LongLongInt(due.as_micros()));
        let properties = delivery.properties.clone().with_headers(FieldTable::from(headers));
        let properties = properties.with_delivery_mode(PERSISTENT);
        Self { body: delivery.data.clone(), properties }
    }
}

fn headers(envelope: &Envelope) -> FieldTable {
    let mut headers = FieldTable::default();
    let mut add = |attribute: &str, value: &str| {
        headers.insert(format!("cloudEvents:{attribute}").into(), text(value));
    };
    add("specversion", "1.0");
    add("id", &envelope.id.to_string());
    add("source", &envelope.source);
    add("type", &envelope.kind);
    add("subject", &envelope.subject.to_string());
    add("time", &envelope.time.to_string());
    add("version", &envelope.version.number().to_string());
    if let Some(traceparent) = &envelope.traceparent {
        add("traceparent", traceparent);
        headers.insert("traceparent".into(), text(traceparent));
    }
    headers
}

pub(super) fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// How often this was delivered before, in vain or to a consumer that went away.
pub(super) fn attempts_before(delivery: &Delivery) -> u32 {
    let number = |name| header(delivery, name).and_then(|count| u32::try_from(count).ok());
    number(ATTEMPTS).unwrap_or(0).saturating_add(given_back(delivery))
}

/// How often it was delivered to a consumer that went away; as far as the broker counts that.
pub(super) fn given_back(delivery: &Delivery) -> u32 {
    let count = header(delivery, GIVEN_BACK).and_then(|count| u32::try_from(count).ok());
    count.unwrap_or(0)
}

/// When it is to be handled, if not at once.
pub(super) fn due(delivery: &Delivery) -> Option<Timestamp> {
    header(delivery, DUE).map(Timestamp::from_micros)
}

/// A header's number, of whatever width.
fn header(delivery: &Delivery, name: &str) -> Option<i64> {
    let headers = delivery.properties.headers().as_ref()?;
    match headers.inner().get(name)? {
        AMQPValue::LongLongInt(value) => Some(*value),
        AMQPValue::LongInt(value) => Some(i64::from(*value)),
        AMQPValue::LongUInt(value) => Some(i64::from(*value)),
        AMQPValue::ShortInt(value) => Some(i64::from(*value)),
        AMQPValue::ShortUInt(value) => Some(i64::from(*value)),
        AMQPValue::ShortShortInt(value) => Some(i64::from(*value)),
        AMQPValue::ShortShortUInt(value) => Some(i64::from(*value)),
        _ => None,
    }
}

/// What can be kept of `body`, which is no event.
pub(super) fn unreadable(body: &[u8]) -> Unreadable {
    let mut digest = [0; 16];
    digest.copy_from_slice(&Sha256::digest(body)[..16]);
    let id = EventId::from(uuid::Builder::from_custom_bytes(digest).into_uuid());
    let kept = &body[..body.len().min(UNREADABLE_MAX)];
    // PostgreSQL's text has no room for a zero
    let text = String::from_utf8_lossy(kept).replace('\0', "\u{fffd}");
    Unreadable { id, text }
}
