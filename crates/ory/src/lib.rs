//! Ports to identity and permissions, shaped after Ory: [`Sessions`] (what Kratos answers) and
//! [`Permissions`] (what Keto answers). The embedded adapters live in `auth`; there, contexts tell
//! by [`Relations`] who owns what, and nothing is written down twice. Between processes the ports
//! are asked over [`http`], by services that know each other by a [`ServiceKey`]; what never
//! changes is remembered ([`Remembering`]).
//!
//! A right is a type ([`rights`]), and a [`Permit`] is the proof that a user has it on one
//! object. Commands that need a right take its permit, so that none can be called without asking.

pub mod http;
pub mod keys;
pub mod permissions_port;
pub mod relations;
pub mod remembering;
pub mod rights;
pub mod sessions;
pub mod tuples;

pub use keys::ServiceKey;
pub use permissions::{Model, Object, Query, Subject, Tuple};
pub use permissions_port::{Permissions, forget_unused};
pub use relations::{Relations, not_told};
pub use remembering::Remembering;
pub use rights::{Denied, Permit, Right, permit};
pub use sessions::{SessionEndings, Sessions, SignedIn};

/// The identity or permission service could not answer. Never a yes.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{operation}: {reason}")]
pub struct PortError {
    /// What was asked, such as `check a permission`.
    pub operation: &'static str,
    /// Why there is no answer, for the log.
    pub reason: String,
}
