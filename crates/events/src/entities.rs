//! The public form of the entities: the fields clients and other contexts rely on.

use kernel::{Currency, MajorUnits, OrderId, PaymentId, TicketId, Timestamp, UserId, Version};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::schema;

/// Implements the text form of a status for storage, from the one table of names.
macro_rules! status {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every value, in the order of an entity's life.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The text that JSON and the database hold.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The value that `text` names.
            #[must_use]
            pub fn from_text(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|status| status.as_str() == text)
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                schema::one_of([$($text),+]).into()
            }
        }

        impl ToSchema for $name {}

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

status! {
    /// Where a ticket stands with moderation and its seller. Whether it is free, reserved or sold
    /// is told by `orderId` and `reservedUntil`.
    TicketStatus {
        /// Not yet looked at by a moderator; not on sale.
        WaitingModeration = "waiting_moderation",
        /// On sale.
        Approved = "approved",
        /// Refused by a moderator.
        Rejected = "rejected",
        /// Taken back by its seller.
        Withdrawn = "withdrawn",
    }
}

status! {
    /// Where an order stands.
    OrderStatus {
        /// The ticket is reserved.
        Created = "created",
        /// A payment was started.
        AwaitingPayment = "awaiting:payment",
        /// The money is authorized; the ticket is sold. Final.
        Complete = "complete",
        /// The ticket is free again. Final.
        Cancelled = "cancelled",
    }
}

status! {
    /// Why an order was cancelled.
    CancelReason {
        /// The buyer changed their mind.
        Buyer = "buyer",
        /// The time to pay ran out.
        Expired = "expired",
        /// Too many payments failed.
        PaymentFailed = "payment_failed",
    }
}

status! {
    /// Where a payment stands.
    PaymentStatus {
        /// The card gateway hasn't answered yet.
        Pending = "pending",
        /// The card gateway holds the money for us.
        Authorized = "authorized",
        /// The buyer is charged. At rest.
        Captured = "captured",
        /// The hold was released; nobody is charged. At rest.
        Voided = "voided",
        /// The card was declined; nobody is charged. At rest.
        Failed = "failed",
        /// The charge was given back. At rest.
        Refunded = "refunded",
    }
}

/// A ticket on the exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// The ticket's id.
    #[schema(schema_with = schema::id)]
    pub id: TicketId,
    /// 3 to 56 characters.
    #[schema(schema_with = schema::title)]
    pub title: String,
    /// What the seller says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::description)]
    pub description: Option<String>,
    /// In major units.
    #[schema(schema_with = schema::price)]
    pub price: MajorUnits,
    /// ISO 4217.
    #[schema(schema_with = schema::currency)]
    pub currency: Currency,
    /// Grows by one with each change.
    #[schema(schema_with = schema::version)]
    pub version: Version,
    /// The seller.
    #[schema(schema_with = schema::id)]
    pub user_id: UserId,
    /// Where it stands with moderation and its seller.
    pub status: TicketStatus,
    /// The order that holds it; absent while it is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::id)]
    pub order_id: Option<OrderId>,
    /// Until when it is reserved for that order; absent while it is free, and once it is sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::time)]
    pub reserved_until: Option<Timestamp>,
    /// When it was listed.
    #[schema(schema_with = schema::time)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(schema_with = schema::time)]
    pub updated_at: Timestamp,
}

/// The ticket as it was when the order was placed: the buyer pays this price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketInOrder {
    /// The ticket's id.
    #[schema(schema_with = schema::id)]
    pub id: TicketId,
    /// Its title then.
    #[schema(schema_with = schema::title)]
    pub title: String,
    /// Its price then, in major units.
    #[schema(schema_with = schema::price)]
    pub price: MajorUnits,
    /// ISO 4217.
    #[schema(schema_with = schema::currency)]
    pub currency: Currency,
    /// Its version then.
    #[schema(schema_with = schema::version)]
    pub version: Version,
}

/// A reservation of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// The order's id.
    #[schema(schema_with = schema::id)]
    pub id: OrderId,
    /// What is reserved, at which price.
    pub ticket: TicketInOrder,
    /// The buyer.
    #[schema(schema_with = schema::id)]
    pub user_id: UserId,
    /// Where it stands.
    pub status: OrderStatus,
    /// When an unpaid order ends.
    #[schema(schema_with = schema::time)]
    pub expires_at: Timestamp,
    /// Grows by one with each change.
    #[schema(schema_with = schema::version)]
    pub version: Version,
    /// When it was placed.
    #[schema(schema_with = schema::time)]
    pub created_at: Timestamp,
    /// When it last changed. Orders of before this was kept, and events of them, don't know.
    #[serde(default = "unknown_time")]
    #[schema(schema_with = schema::time, required = true)]
    pub updated_at: Timestamp,
    /// Why it was cancelled; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cancel_reason: Option<CancelReason>,
}

impl Order {
    /// When it last changed after it was placed, as far as that is known.
    #[must_use]
    pub fn changed_at(&self) -> Option<Timestamp> {
        Some(self.updated_at).filter(|at| *at > self.created_at)
    }
}

/// Earlier than anything that happened here.
const fn unknown_time() -> Timestamp {
    Timestamp::from_micros(0)
}

/// One attempt to pay for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// The payment's id.
    #[schema(schema_with = schema::id)]
    pub id: PaymentId,
    /// What is paid for.
    #[schema(schema_with = schema::id)]
    pub order_id: OrderId,
    /// The card gateway's id of it; absent until the gateway has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stripe_id: Option<String>,
    /// Grows by one with each change.
    #[schema(schema_with = schema::version)]
    pub version: Version,
    /// Where it stands.
    pub status: PaymentStatus,
    /// In major units.
    #[schema(schema_with = schema::price)]
    pub amount: MajorUnits,
    /// ISO 4217.
    #[schema(schema_with = schema::currency)]
    pub currency: Currency,
}
