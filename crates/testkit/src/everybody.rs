//! Ports for tests that are not about who may do what.

use async_trait::async_trait;
use kernel::{IdentityId, SessionId, Timestamp, UserId};
use ory::{Object, Permissions, PortError, Query, Sessions, SignedIn, Tuple};

/// Everybody may do everything, and nobody is signed in.
pub struct Everybody;

#[async_trait]
impl Sessions for Everybody {
    async fn whoami(&self, _token: &str) -> Result<Option<SignedIn>, PortError> {
        Ok(None)
    }
}

/// Whoever calls, with whichever token, is this user.
pub struct Only(pub UserId);

#[async_trait]
impl Sessions for Only {
    async fn whoami(&self, _token: &str) -> Result<Option<SignedIn>, PortError> {
        Ok(Some(SignedIn {
            session_id: SessionId::generate(),
            user_id: self.0,
            identity_id: IdentityId::generate(),
            email: "only@example.test".to_owned(),
            expires_at: Timestamp::from_micros(i64::MAX),
        }))
    }
}

#[async_trait]
impl Permissions for Everybody {
    async fn check(&self, _query: &Query) -> Result<bool, PortError> {
        Ok(true)
    }

    async fn write(&self, _tuples: &[Tuple]) -> Result<(), PortError> {
        Ok(())
    }

    async fn delete(&self, _tuples: &[Tuple]) -> Result<(), PortError> {
        Ok(())
    }

    async fn list(&self, _object: &Object, _relation: &str) -> Result<Vec<Tuple>, PortError> {
        Ok(Vec::new())
    }
}
