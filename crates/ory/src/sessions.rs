//! Who is calling: sessions, as Kratos' `whoami` tells them.

use async_trait::async_trait;
use kernel::{IdentityId, SessionId, Timestamp, UserId};

use crate::PortError;

/// A user with a live session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The session.
    pub session_id: SessionId,
    /// The user of the exchange.
    pub user_id: UserId,
    /// The identity behind the user.
    pub identity_id: IdentityId,
    /// In lower case.
    pub email: String,
    /// When the session is over by itself.
    pub expires_at: Timestamp,
}

/// Knows the live sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// The user whose live session has this token, if there is one.
    async fn whoami(&self, token: &str) -> Result<Option<SignedIn>, PortError>;
}

/// Hears of sessions that are being ended, so that nobody is known by one that has ended: for those
/// who keep what [`Sessions`] has told them.
#[async_trait]
pub trait SessionEndings: Send + Sync {
    /// Sessions of an identity are about to be ended; this is called before that is stored. What it
    /// answers is the name of this ending.
    async fn begin(&self, of: IdentityId) -> String;

    /// The ending is stored, or certain not to be. Returns when nobody anywhere is known by a
    /// session that it has ended: only then may the end be answered.
    async fn finish(&self, of: IdentityId, ending: String);
}
