//! The vocabulary every other crate speaks: ids, money, time, versions, texts, decisions,
//! refusals.
//! No I/O, no async; the wall clock and new ids come from here and from nowhere else.
//!
//! Reading order: [`ids`] and [`money`] (what things are), [`time`] and [`version`] (when they
//! changed), [`text`] (how names are compared), [`decision`] (what a rule says), [`refusal`] (how a
//! rule says no), [`network`] and [`origin`] (where requests come from), [`recent`] (what is
//! remembered).

pub mod decision;
pub mod ids;
pub mod money;
pub mod network;
pub mod origin;
pub mod recent;
pub mod refusal;
pub mod text;
pub mod time;
pub mod version;

pub use decision::{Decision, Outcome};
pub use ids::{EventId, FlowId, IdentityId, OrderId, PaymentId, SessionId, TicketId, UserId};
pub use money::{Currency, MajorUnits, Money};
pub use network::Network;
pub use origin::WebOrigin;
pub use recent::Recent;
pub use refusal::{FieldError, Kind, Refusal};
pub use time::{Clock, SystemClock, Timestamp};
pub use version::Version;
