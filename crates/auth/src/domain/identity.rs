//! Who can sign in.

use kernel::{IdentityId, Timestamp, UserId};

use super::email::Email;

/// An identity, and the user of the exchange that was made with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) id: IdentityId,
    pub(crate) user_id: UserId,
    pub(crate) email: Email,
    pub(crate) created_at: Timestamp,
}
