//! Many people are signed up at once: demo data.

use kernel::{IdentityId, UserId};
use store::{StoreError, params};

use crate::context::Auth;
use crate::domain::email::Email;
use crate::domain::identity::Identity;
use crate::domain::password::Password;
use crate::hasher::HashError;
use crate::store::{COUNT_USERS, USER_BY_EMAIL, insert_identity, insert_user};

/// People signed up in one write.
const BATCH: usize = 1000;

/// Why they were not signed up.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A text among the e-mail addresses is none.
    #[error("`{0}` is no e-mail address")]
    NoEmail(String),
    /// The password could not be hashed.
    #[error("hash the password")]
    Hash(#[from] HashError),
    /// The database said no.
    #[error("write identities")]
    Store(#[from] StoreError),
}

impl Auth {
    /// Signs up everybody in `emails` with one `password`, which is hashed once; addresses that
    /// are taken are left out. Answers who is new. Nobody else may be signing up meanwhile.
    ///
    /// # Errors
    /// [`SeedError`]; batches of people written before stay.
    pub async fn seed_users(
        &self,
        emails: Vec<String>,
        password: &str,
    ) -> Result<Vec<(UserId, String)>, SeedError> {
        // the password is made by the program: there is no policy to hold it to
        let hasher = self.hasher();
        let password = Password::typed(password.to_owned());
        let hash = hasher.hash(hasher.place().await?, password).await?;
        let mut new = Vec::with_capacity(emails.len());
        for batch in emails.chunks(BATCH) {
            let mut writes = Vec::with_capacity(2 * batch.len());
            let now = self.now();
            for email in batch {
                let parsed = Email::parse(email).map_err(|_| SeedError::NoEmail(email.clone()))?;
                let taken = self.journal().query(USER_BY_EMAIL, params![parsed.as_str()]).await?;
                if taken.is_empty() {
                    let (id, user_id) = (IdentityId::generate(), UserId::generate());
                    let identity = Identity { id, user_id, email: parsed, created_at: now };
                    writes.push(insert_identity(&identity, hash.clone()));
                    writes.push(insert_user(&identity));
                    new.push((user_id, email.clone()));
                }
            }
            self.commit(now, writes).await?;
        }
        Ok(new)
    }

    /// How many users there are.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn count_users(&self) -> Result<i64, StoreError> {
        let rows = self.journal().scan(COUNT_USERS, []).await?;
        rows.first().map_or(Ok(0), |row| row.get(0))
    }
}
