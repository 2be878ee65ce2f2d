//! Optimistic concurrency: a command whose guard failed starts again from load.

/// How often a command is tried before its conflict is reported.
const ATTEMPTS_MAX: u32 = 3;

/// An error that may mean "somebody else wrote first".
pub trait MayConflict {
    /// Whether starting again from load may succeed.
    fn is_conflict(&self) -> bool;
}

impl MayConflict for store::StoreError {
    fn is_conflict(&self) -> bool {
        Self::is_conflict(self)
    }
}

/// Runs `attempt` (load, decide, commit) until it doesn't conflict, three times at most.
///
/// # Errors
/// The last attempt's error.
pub async fn retry_on_conflict<T, E, F>(mut attempt: impl FnMut() -> F) -> Result<T, E>
where
    E: MayConflict,
    F: Future<Output = Result<T, E>>,
{
    let mut attempts = 1;
    // bounded: by ATTEMPTS_MAX
    loop {
        match attempt().await {
            Err(error) if error.is_conflict() && attempts < ATTEMPTS_MAX => attempts += 1,
            result => return result,
        }
    }
}
