//! The port [`Sessions`], answered from this context's memory or database.

use async_trait::async_trait;
use ory::{PortError, Sessions, SignedIn};

use crate::context::Auth;
use crate::domain::token::TokenDigest;
use crate::live::Lookup;
use crate::queries::whoami::whoami;

#[async_trait]
impl Sessions for Auth {
    async fn whoami(&self, token: &str) -> Result<Option<SignedIn>, PortError> {
        let now = self.now();
        let Some(digest) = TokenDigest::of_text(token) else {
            return Ok(None);
        };
        let search = match self.live().look_up(digest, now) {
            Lookup::Live(who) => return Ok(Some(who)),
            Lookup::Unknown(search) => search,
        };
        let found = whoami(self, token, now).await.map_err(|error| PortError {
            operation: "find a session",
            reason: error.to_string(),
        })?;
        Ok(found.map(|session| self.live().learn(search, session)))
    }
}
