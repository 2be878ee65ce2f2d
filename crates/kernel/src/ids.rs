//! Identifiers: UUIDv7, a type for each kind of thing, so that an order's id can't be passed
//! where a ticket's is meant. They sort by the time they were made.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text was not a UUID in its canonical form (36 characters, with hyphens).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a UUID such as 0190163d-8694-739b-aea5-966c26f8ad91")]
pub struct InvalidId;

/// Parses the canonical form only: no braces, no `urn:`, no missing hyphens.
fn parse_canonical(text: &str) -> Result<Uuid, InvalidId> {
    if text.len() != 36 {
        return Err(InvalidId);
    }
    Uuid::try_parse(text).map_err(|_| InvalidId)
}

#[expect(clippy::disallowed_methods, reason = "the one place where ids are made")]
fn new_uuid() -> Uuid {
    Uuid::now_v7()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id. Later calls give greater ids, also within one millisecond.
            #[must_use]
            pub fn generate() -> Self {
                Self(new_uuid())
            }

            /// Reads the canonical text form.
            ///
            /// # Errors
            /// [`InvalidId`] for anything but a hyphenated UUID of 36 characters.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                parse_canonical(text).map(Self)
            }

            /// The bare value, for storage.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(value: Uuid) -> Self {
                Self(value)
            }
        }

        impl From<$name> for Uuid {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

id!(
    /// A user of the exchange: who sells and who buys.
    UserId
);
id!(
    /// The sign-in identity behind a user.
    IdentityId
);
id!(
    /// A signed-in session. Not a secret: the session's token is.
    SessionId
);
id!(
    /// A sign-up or sign-in attempt in progress.
    FlowId
);
id!(
    /// A ticket on the exchange.
    TicketId
);
id!(
    /// A reservation of a ticket.
    OrderId
);
id!(
    /// One attempt to pay for an order.
    PaymentId
);
id!(
    /// One event, as it travels from the context that committed it to those that need it.
    EventId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_is_an_id() {
        let id = TicketId::generate();
        assert_eq!(TicketId::parse(&id.to_string()), Ok(id));
        let simple = id.as_uuid().simple().to_string();
        let braced = format!("{{{id}}}");
        for bad in ["", "42", "not-a-uuid", &simple, &braced] {
            assert_eq!(TicketId::parse(bad), Err(InvalidId), "{bad}");
        }
    }

    #[test]
    fn later_ids_are_greater() {
        let ids: Vec<_> = (0..1000).map(|_| OrderId::generate()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
