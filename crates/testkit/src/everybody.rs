//! Ports for tests that are not about who may do what.

use async_trait::async_trait;
use ory::{Object, Permissions, PortError, Query, Sessions, SignedIn, Tuple};

/// Everybody may do everything, and nobody is signed in.
pub struct Everybody;

#[async_trait]
impl Sessions for Everybody {
    async fn whoami(&self, _token: &str) -> Result<Option<SignedIn>, PortError> {
        Ok(None)
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
