//! An operator makes somebody an administrator.

use kernel::{Outcome, UserId};
use ory::{PortError, tuples};
use store::{StoreError, params};

use crate::context::Auth;
use crate::domain::email::Email;
use crate::store::USER_BY_EMAIL;

/// Why somebody is no administrator.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// The text is no e-mail address.
    #[error("that is no e-mail address")]
    NoEmail,
    /// Nobody has signed up with it.
    #[error("nobody has signed up with that e-mail address")]
    NobodyThere,
    /// The membership could not be read or written.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The users could not be read.
    #[error("read the users")]
    Store(#[from] StoreError),
}

impl Auth {
    /// Makes the user who signed up with `email` a member of `Group:admin`.
    ///
    /// # Errors
    /// [`GrantError`]; then nothing has changed.
    pub async fn grant_admin(&self, email: &str) -> Result<Outcome<UserId>, GrantError> {
        let email = Email::parse(email).map_err(|_rule| GrantError::NoEmail)?;
        let rows = self.journal().query(USER_BY_EMAIL, params![email.as_str()]).await?;
        let user: UserId = rows.first().ok_or(GrantError::NobodyThere)?.get(0)?;
        let (permissions, membership) = (self.permissions(Vec::new()), tuples::admin(user));
        if permissions.list(&tuples::admins(), "members").await?.contains(&membership) {
            return Ok(Outcome::AlreadyApplied);
        }
        permissions.write(&[membership]).await?;
        tracing::info!(user.id = %user, "User {user} is an administrator now");
        Ok(Outcome::Executed(user))
    }
}
