//! Argon2id: on threads where blocking is allowed, and as many at once as there are cores.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error as PhcError, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

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

/// Hashes and verifies passwords.
pub(crate) struct Hasher {
    argon2: Argon2<'static>,
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
            decoy: decoy(cost),
            room: Arc::new(Semaphore::new(cores)),
        })
    }

    /// The PHC string of `password`, under a new salt.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, HashError> {
        let argon2 = self.argon2.clone();
        let hash = move || argon2.hash_password(password.as_bytes());
        self.run(hash).await?.map(|phc| phc.to_string()).map_err(HashError::Phc)
    }

    /// Whether `password` is the one that was hashed to `stored`, at the cost it was hashed with.
    /// Without a `stored` hash the answer is no, and takes as long: who asks can't tell an unknown
    /// identity from a wrong password.
    pub(crate) async fn verify(
        &self,
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
        match self.run(verify).await?? {
            Ok(()) => Ok(known),
            Err(PhcError::PasswordInvalid) => Ok(false),
            Err(error) => Err(HashError::Phc(error)),
        }
    }

    /// Runs `work` when a core is free. The permit goes along, so that a caller who hangs up
    /// makes no room before the work is done.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let room = Arc::clone(&self.room);
        let permit = room.acquire_owned().await.map_err(|_closed| HashError::Gone)?;
        let run = move || {
            let _permit = permit;
            work()
        };
        tokio::task::spawn_blocking(run).await.map_err(|_panicked| HashError::Gone)
    }
}

/// A hash that no known password has, as costly to verify as a real one.
fn decoy(cost: HashCost) -> String {
    let HashCost { memory_kib, iterations } = cost;
    let (salt, output) = ("A".repeat(22), "A".repeat(43));
    format!("$argon2id$v=19$m={memory_kib},t={iterations},p=1${salt}${output}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: HashCost = HashCost { memory_kib: 8, iterations: 1 };

    fn password(text: &str) -> Password {
        Password::typed(text.to_owned())
    }

    #[tokio::test]
    async fn a_hash_verifies_its_password_alone() {
        let hasher = Hasher::new(CHEAP).unwrap();
        let hash = hasher.hash(password("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert!(hasher.verify(password("correct horse"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(password("correct horsf"), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_still_verifies() {
        let hash = Hasher::new(CHEAP).unwrap().hash(password("correct horse")).await.unwrap();
        let dearer = Hasher::new(HashCost { memory_kib: 64, iterations: 2 }).unwrap();
        assert!(dearer.verify(password("correct horse"), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn the_decoy_is_a_hash_that_is_never_right() {
        let hasher = Hasher::new(CHEAP).unwrap();
        assert!(!hasher.verify(password(""), None).await.unwrap());
    }

    #[test]
    fn a_cost_out_of_bounds_is_refused() {
        assert!(Hasher::new(HashCost { memory_kib: 1, iterations: 1 }).is_err());
        assert!(Hasher::new(HashCost { memory_kib: 8, iterations: 0 }).is_err());
    }
}
