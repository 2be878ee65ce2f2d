//! The port [`Sessions`], answered from this context's database.

use async_trait::async_trait;
use ory::{PortError, Sessions, SignedIn};

use crate::context::Auth;
use crate::domain::session::Session;
use crate::queries::whoami::whoami;

#[async_trait]
impl Sessions for Auth {
    async fn whoami(&self, token: &str) -> Result<Option<SignedIn>, PortError> {
        let session = whoami(self, token, self.now()).await.map_err(|error| PortError {
            operation: "find a session",
            reason: error.to_string(),
        })?;
        Ok(session.map(signed_in))
    }
}

fn signed_in(Session { id, identity, .. }: Session) -> SignedIn {
    SignedIn {
        session_id: id,
        user_id: identity.user_id,
        identity_id: identity.id,
        email: identity.email.to_string(),
    }
}
