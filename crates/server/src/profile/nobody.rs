//! Sessions and permissions in a process that asks for none: a gateway, or expiration. Should
//! anybody ask nevertheless, there is no answer, which is no yes.

use async_trait::async_trait;
use ory::{Object, Permissions, PortError, Query, Sessions, SignedIn, Tuple};

pub(super) struct Nobody;

fn nobody() -> PortError {
    PortError { operation: "ask auth", reason: "this process doesn't know where it is".into() }
}

#[async_trait]
impl Sessions for Nobody {
    async fn whoami(&self, _token: &str) -> Result<Option<SignedIn>, PortError> {
        Err(nobody())
    }
}

#[async_trait]
impl Permissions for Nobody {
    async fn check(&self, _query: &Query) -> Result<bool, PortError> {
        Err(nobody())
    }

    async fn write(&self, _tuples: &[Tuple]) -> Result<(), PortError> {
        Err(nobody())
    }

    async fn delete(&self, _tuples: &[Tuple]) -> Result<(), PortError> {
        Err(nobody())
    }

    async fn list(&self, _object: &Object, _relation: &str) -> Result<Vec<Tuple>, PortError> {
        Err(nobody())
    }
}
