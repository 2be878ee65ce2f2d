//! Live sessions in Redis, so that auth isn't asked for each request of somebody who is signed in.
//! Reading order: [`CachedSessions`] (who asks), [`RedisEndings`] (who ends), `cells` (the
//! scripts).
//!
//! Nobody is known here whose session has ended:
//!
//! - Whoever ends sessions says so before that is stored, and after it. From the first on none of
//!   the identity's sessions is known here, and none is learned until the second; and what a search
//!   found that began before the second is never learned.
//! - Redis may lose what it was told last. But after a start it has forgotten its scripts, too, and
//!   whoever loads the one that looks sessions up makes everything unknown that was kept before.
//! - Redis may not be reached by who ends a session, and be read by others. So what is kept is true
//!   for five seconds from the beginning of the search on, by the clocks of those who ask, and the
//!   end of a session is answered when that is over, or when Redis was told after all.

mod cached;
mod cells;
mod endings;

use std::time::Duration;

pub use cached::CachedSessions;
pub use endings::RedisEndings;

/// How sessions are kept.
#[derive(Debug, Clone, Copy)]
pub struct SessionOptions {
    /// From the beginning of the search on that found it.
    pub known_for: Duration,
    /// By how much clocks may differ.
    pub clocks_differ_max: Duration,
    /// How long who asks waits for Redis; then auth is asked.
    pub patience: Duration,
}

impl Default for SessionOptions {
    /// Five seconds, clocks that differ by one, and 50 ms.
    fn default() -> Self {
        Self {
            known_for: Duration::from_secs(5),
            clocks_differ_max: Duration::from_secs(1),
            patience: Duration::from_millis(50),
        }
    }
}
