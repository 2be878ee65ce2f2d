//! `/api/users/current-user`.

use kernel::UserId;
use serde::Deserialize;

use super::{Api, Failed};

/// Who is signed in.
#[derive(Debug, Deserialize)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) email: String,
}

impl Api<'_> {
    pub(crate) async fn user(self) -> Result<User, Failed> {
        self.get("/api/users/current-user").await
    }

    /// Who is signed in; nobody is an answer as well.
    pub(crate) async fn user_if_any(self, is_signed_in: bool) -> Result<Option<User>, Failed> {
        if !is_signed_in {
            return Ok(None);
        }
        match self.user().await {
            Ok(user) => Ok(Some(user)),
            Err(Failed::SignedOut) => Ok(None),
            Err(failed) => Err(failed),
        }
    }
}
