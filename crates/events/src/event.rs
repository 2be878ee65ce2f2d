//! What every public event has, and the closed list of them all.

use kernel::{EventId, Timestamp, Version};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use crate::envelope::Envelope;
use crate::{
    ExpirationComplete, OrderCancelled, OrderCompleted, OrderCreated, PaymentCreated,
    PaymentFailed, PaymentRefunded, PaymentStarted, TicketCreated, TicketUpdated,
};

/// An event other contexts rely on.
pub trait PublicEvent: Serialize + DeserializeOwned + ToSchema + Send + Sync + 'static {
    /// Its name, such as `order:created`; on AMQP the routing key is this with `.` for `:`.
    const TYPE: &'static str;
    /// The context that sends it, such as `/orders`.
    const SOURCE: &'static str;
    /// The id of the entity it happened to.
    fn subject(&self) -> Uuid;
    /// The entity's version after the change.
    fn version(&self) -> Version;
}

/// Implements [`PublicEvent`] for an event that carries a whole entity.
macro_rules! carries {
    ($name:ident($entity:ty), $type:literal, from $source:literal) => {
        impl $crate::PublicEvent for $name {
            const TYPE: &'static str = $type;
            const SOURCE: &'static str = $source;

            fn subject(&self) -> uuid::Uuid {
                self.0.id.as_uuid()
            }

            fn version(&self) -> kernel::Version {
                self.0.version
            }
        }
    };
}
pub(crate) use carries;

/// What can be told of a public event before any has happened.
#[derive(Clone)]
pub struct Described {
    /// Its type, such as `order:created`.
    pub kind: &'static str,
    /// The context that sends it, such as `/orders`.
    pub source: &'static str,
    /// Its name in documents, such as `OrderCreated`.
    pub name: &'static str,
    /// The shape of its data.
    pub data: RefOr<Schema>,
    /// The shapes that `data` refers to, by their names.
    pub parts: Vec<(String, RefOr<Schema>)>,
}

fn parts_of<E: PublicEvent>() -> Vec<(String, RefOr<Schema>)> {
    let mut parts = Vec::new();
    E::schemas(&mut parts);
    parts
}

macro_rules! any_of {
    ($($name:ident),+ $(,)?) => {
        /// Any public event.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Event {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name($name),)+
        }

        impl Event {
            /// The types of all events there are.
            pub const TYPES: &'static [&'static str] = &[$($name::TYPE),+];

            /// A description of every event there is, for documents.
            #[must_use]
            pub fn described() -> Vec<Described> {
                vec![$(Described {
                    kind: $name::TYPE,
                    source: $name::SOURCE,
                    name: stringify!($name),
                    data: $name::schema(),
                    parts: parts_of::<$name>(),
                }),+]
            }

            /// The event's type, such as `order:created`.
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$name(_) => $name::TYPE,)+ }
            }

            /// The id of the entity it happened to.
            #[must_use]
            pub fn subject(&self) -> Uuid {
                match self { $(Self::$name(event) => event.subject(),)+ }
            }

            /// Puts the event into an envelope, ready to be stored beside the state it tells of.
            ///
            /// # Errors
            /// When the content can't be written as JSON, which no event's type allows.
            pub fn seal(
                &self,
                id: EventId,
                time: Timestamp,
                traceparent: Option<String>,
            ) -> Result<Envelope, serde_json::Error> {
                match self {
                    $(Self::$name(event) => Envelope::seal(event, id, time, traceparent),)+
                }
            }
        }

        $(impl From<$name> for Event {
            fn from(event: $name) -> Self {
                Self::$name(event)
            }
        })+
    };
}

any_of!(
    TicketCreated,
    TicketUpdated,
    OrderCreated,
    OrderCancelled,
    OrderCompleted,
    ExpirationComplete,
    PaymentStarted,
    PaymentCreated,
    PaymentFailed,
    PaymentRefunded,
);
