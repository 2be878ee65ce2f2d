//! Sign-ins, and how long they last.

use std::time::Duration;

use kernel::{SessionId, Timestamp};

use super::identity::Identity;

/// A sign-in that was not ended by its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) identity: Identity,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

impl Session {
    /// Signs `identity` in at `now`, for `lifetime`.
    pub(crate) fn open(
        id: SessionId,
        identity: Identity,
        now: Timestamp,
        lifetime: Duration,
    ) -> Self {
        Self { id, identity, issued_at: now, expires_at: now.plus(lifetime) }
    }

    /// Whether the session still counts at `now`. At the instant it expires, it doesn't.
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}
