//! One AsyncAPI 3.0 document (<https://www.asyncapi.com/docs/reference/specification/v3.0.0>) of
//! the events: a channel for each, who sends it and who receives it.

use events::{Described, Event};
use serde_json::{Map, Value, json};

const DESCRIPTION: &str = "What the services of the exchange tell each other. Delivery is at \
least once and in any order; every receiver ends in the same state for any order and any number \
of repeats. On AMQP the routing key is the channel's address.";

/// A service, and the types of the events it receives.
pub type Hears = (&'static str, &'static [&'static str]);

/// The document of all events, with the services that hear them.
#[must_use]
pub fn asyncapi(hearers: &[Hears]) -> Value {
    let events = Event::described();
    let channels: Map<_, _> = events.iter().map(channel).collect();
    let sent = events.iter().map(|event| {
        let service = event.source.trim_start_matches('/');
        operation("send", service, event)
    });
    let heard = hearers.iter().flat_map(|(service, kinds)| {
        let wanted = events.iter().filter(|event| kinds.contains(&event.kind));
        wanted.map(|event| operation("receive", service, event))
    });
    let operations: Map<_, _> = sent.chain(heard).collect();
    let messages: Map<_, _> = events.iter().map(message).collect();
    let parts = events.iter().flat_map(|event| event.parts.iter());
    let mut schemas: Map<_, _> =
        parts.map(|(name, schema)| (name.clone(), json!(schema))).collect();
    schemas.extend(events.iter().map(|event| (format!("{}Envelope", event.name), envelope(event))));
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Ticketing",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "Apache-2.0" },
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "schemas": schemas },
    })
}

/// On AMQP a `:` would be no word separator.
fn address(event: &Described) -> String {
    event.kind.replace(':', ".")
}

fn channel(event: &Described) -> (String, Value) {
    let message = format!("#/components/messages/{}", event.name);
    let channel =
        json!({ "address": address(event), "messages": { event.name: { "$ref": message } } });
    (event.name.to_owned(), channel)
}

fn operation(action: &str, service: &str, event: &Described) -> (String, Value) {
    let channel = format!("#/channels/{}", event.name);
    let message = format!("{channel}/messages/{}", event.name);
    let operation = json!({
        "action": action,
        "channel": { "$ref": channel },
        "messages": [{ "$ref": message }],
        "tags": [{ "name": service }],
    });
    (format!("{service}_{action}_{}", event.name), operation)
}

fn message(event: &Described) -> (String, Value) {
    let schema = format!("#/components/schemas/{}Envelope", event.name);
    let message = json!({
        "name": event.kind,
        "title": event.name,
        "contentType": "application/cloudevents+json",
        "payload": { "$ref": schema },
    });
    (event.name.to_owned(), message)
}

/// CloudEvents 1.0 in its JSON format, with the extensions `version` and `traceparent`.
fn envelope(event: &Described) -> Value {
    use events::schema::{id, time, version};
    json!({
        "type": "object",
        "properties": {
            "specversion": { "const": "1.0" },
            "id": id(),
            "source": { "const": event.source },
            "type": { "const": event.kind },
            "subject": id(),
            "time": time(),
            "datacontenttype": { "const": "application/json" },
            "version": version(),
            "traceparent": { "type": "string", "description": "W3C Trace Context." },
            "data": event.data,
        },
        "required": ["specversion", "id", "source", "type", "subject", "time",
            "datacontenttype", "version", "data"],
    })
}
