//! Who is calling: sessions, as Kratos' `whoami` tells them.

use async_trait::async_trait;
use kernel::{IdentityId, SessionId, UserId};

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
}

/// Knows the live sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// The user whose live session has this token, if there is one.
    async fn whoami(&self, token: &str) -> Result<Option<SignedIn>, PortError>;
}
