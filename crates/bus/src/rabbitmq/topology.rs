//! What is declared at the broker, by every process and with every connection. Declaring what is
//! there already changes nothing; a queue of another kind is refused.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, ExchangeKind};

use super::options::{Queue, QueueKind, RabbitMqOptions};

/// Takes every event.
pub(super) const EXCHANGE: &str = "ticketing";

/// What lets a message go to the queue that its routing key names.
pub(super) const STRAIGHT_TO_A_QUEUE: &str = "";

/// The queue of what `service` is to handle now.
pub(super) fn queue(service: &str) -> String {
    format!("ticketing.{service}")
}

/// The queue of what `service` is to handle after its pause number `level`. Its consumers keep
/// a message until then. The broker could do that, by a queue whose messages expire into another;
/// but that hands them on without a confirm, and may lose one when it is killed.
pub(super) fn retry_queue(service: &str, level: usize) -> String {
    format!("ticketing.{service}.retry.{}", level + 1)
}

/// An event type's routing key: its words are separated by dots there, as the wildcards of
/// bindings want them.
pub(super) fn routing_key(kind: &str) -> ShortString {
    kind.replace(':', ".").into()
}

/// Declares everything.
pub(super) async fn declare(channel: &Channel, options: &RabbitMqOptions) -> lapin::Result<()> {
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let nothing = FieldTable::default();
    channel.exchange_declare(EXCHANGE.into(), ExchangeKind::Topic, durable, nothing).await?;
    for queue in &options.queues {
        declare_queue(channel, options, queue).await?;
    }
    Ok(())
}

async fn declare_queue(
    channel: &Channel,
    options: &RabbitMqOptions,
    Queue { service, kinds }: &Queue,
) -> lapin::Result<()> {
    let retries = (0..options.retry_pauses.len()).map(|level| retry_queue(service, level));
    for name in std::iter::once(queue(service)).chain(retries) {
        let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        let arguments = arguments(options.queue_kind);
        channel.queue_declare(name.into(), durable, arguments).await?;
    }
    for kind in *kinds {
        let (queue, key) = (queue(service).into(), routing_key(kind));
        let (options, nothing) = (QueueBindOptions::default(), FieldTable::default());
        channel.queue_bind(queue, EXCHANGE.into(), key, options, nothing).await?;
    }
    Ok(())
}

fn arguments(kind: QueueKind) -> FieldTable {
    let kind = match kind {
        QueueKind::Quorum => "quorum",
        QueueKind::Classic => "classic",
    };
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), super::message::text(kind));
    arguments
}
