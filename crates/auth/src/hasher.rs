//! Argon2id: on threads where blocking is allowed, and as many at once as there are cores.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error as PhcError, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::email::Email;
use crate::domain::fault::Rule;
use crate::domain::password::Password;

/// What hashing one password costs. The default is OWASP's first recommendation
/// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    /// Memory, in KiB; at least 8.
    pub memory_kib: u32,
    /// Passes over the memory; at least 1.
    pub iterations: u32,
}

impl Default for HashCost {
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, iterations: 2 }
    }
}

/// Why a password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The cost is out of Argon2's bounds.
    #[error("Argon2 doesn't take this cost: {0}")]
    Cost(argon2::Error),
    /// The stored hash can't be read, or there was no memory or randomness for a new one.
    #[error("hash or compare a password: {0}")]
    Phc(PhcError),
    /// The thread at work panicked, or the program is ending.
    #[error("the thread that hashes passwords is gone")]
    Gone,
}

/// The right to work with one password now. Who has it waited for a free core.
pub(crate) struct Place(OwnedSemaphorePermit);

/// Hashes and verifies passwords.
pub(crate) struct Hasher {
    argon2: Argon2<'static>,
    /// How the PHC string of a hash at today's cost begins.
    prefix: String,
    decoy: String,
    room: Arc<Semaphore>,
}

impl Hasher {
    pub(crate) fn new(cost: HashCost) -> Result<Self, HashError> {
        let HashCost { memory_kib, iterations } = cost;
        let params = Params::new(memory_kib, iterations, 1, None).map_err(HashError::Cost)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            prefix: prefix(cost),
            decoy: decoy(cost),
            room: Arc::new(Semaphore::new(cores)),
        })
    }

    /// Waits until a core is free.
    pub(crate) async fn place(&self) -> Result<Place, HashError> {
        let room = Arc::clone(&self.room);
        room.acquire_owned().await.map(Place).map_err(|_closed| HashError::Gone)
    }

    /// Whether somebody with this e-mail address may choose `text` as a password.
    pub(crate) async fn judge(
        &self,
        text: String,
        email: Option<Email>,
    ) -> Result<Result<Password, Rule>, HashError> {
        let place = self.place().await?;
        run(place, move || Password::choose(text, email.as_ref())).await
    }

    /// The PHC string of `password`, under a new salt.
    pub(crate) async fn hash(&self, place: Place, password: Password) -> Result<String, HashError> {
        let argon2 = self.argon2.clone();
        let hash = move || argon2.hash_password(password.as_bytes());
        run(place, hash).await?.map(|phc| phc.to_string()).map_err(HashError::Phc)
    }

    /// Whether `stored` was hashed at today's cost. Only then comparing it takes as long as the
    /// comparison with nothing does.
    pub(crate) fn is_of_today(&self, stored: &str) -> bool {
        stored.starts_with(&self.prefix)
    }

    /// Whether `password` is the one that was hashed to `stored`, at the cost it was hashed with.
    /// Without a `stored` hash the answer is no, and takes as long: who asks can't tell an unknown
    /// identity from a wrong password.
    pub(crate) async fn verify(
        &self,
        place: Place,
        password: Password,
        stored: Option<String>,
    ) -> Result<bool, HashError> {
        let argon2 = self.argon2.clone();
        let known = stored.is_some();
        let phc = stored.unwrap_or_else(|| self.decoy.clone());
        let verify = move || {
            PasswordHash::new(&phc)
                .map_err(|error| HashError::Phc(error.into()))
                .map(|hash| argon2.verify_password(password.as_bytes(), &hash))
        };
        match run(place, verify).await?? {
            Ok(()) => Ok(known),
            Err(PhcError::PasswordInvalid) => Ok(false),
            Err(error) => Err(HashError::Phc(error)),
        }
    }
}

/// Runs `work` on a thread where blocking harms nobody. The place goes along, so that a caller who
/// hangs up makes no room before the work is done.
async fn run<T: Send + 'static>(
    place: Place,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, HashError> {
    let run = move || {
        let done = work();
        drop(place.0);
        done
    };
    tokio::task::spawn_blocking(run).await.map_err(|_panicked| HashError::Gone)
}

/// A hash that no known password has, as costly to verify as a real one.
fn decoy(cost: HashCost) -> String {
    let (prefix, salt, output) = (prefix(cost), "A".repeat(22), "A".repeat(43));
    format!("{prefix}{salt}${output}")
}

fn prefix(HashCost { memory_kib, iterations }: HashCost) -> String {
    format!("$argon2id$v=19$m={memory_kib},t={iterations},p=1$")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: HashCost = HashCost { memory_kib: 8, iterations: 1 };

    fn password(text: &str) -> Password {
        Password::typed(text.to_owned())
    }

    async fn hash(hasher: &Hasher, text: &str) -> String {
        hasher.hash(hasher.place().await.unwrap(), password(text)).await.unwrap()
    }

    async fn verify(hasher: &Hasher, text: &str, stored: Option<String>) -> bool {
        hasher.verify(hasher.place().await.unwrap(), password(text), stored).await.unwrap()
    }

    #[tokio::test]
    async fn a_hash_verifies_its_password_alone() {
        let hasher = Hasher::new(CHEAP).unwrap();
        let hash = hash(&hasher, "correct horse").await;
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert!(verify(&hasher, "correct horse", Some(hash.clone())).await);
        assert!(!verify(&hasher, "correct horsf", Some(hash)).await);
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_still_verifies() {
        let hash = hash(&Hasher::new(CHEAP).unwrap(), "correct horse").await;
        let dearer = Hasher::new(HashCost { memory_kib: 64, iterations: 2 }).unwrap();
        assert!(!dearer.is_of_today(&hash) && Hasher::new(CHEAP).unwrap().is_of_today(&hash));
        assert!(verify(&dearer, "correct horse", Some(hash)).await);
    }

    #[tokio::test]
    async fn the_decoy_is_a_hash_that_is_never_right() {
        let hasher = Hasher::new(CHEAP).unwrap();
        assert!(!verify(&hasher, "", None).await);
    }

    #[test]
    fn a_cost_out_of_bounds_is_refused() {
        assert!(Hasher::new(HashCost { memory_kib: 1, iterations: 1 }).is_err());
        assert!(Hasher::new(HashCost { memory_kib: 8, iterations: 0 }).is_err());
    }
}
