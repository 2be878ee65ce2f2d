//! Versions: how often an entity has changed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Starts at 0 and grows by one with every change of its entity. A write names the version it
/// read, and changes nothing when another write came first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(u32);

impl Version {
    /// The version of an entity that was just created.
    pub const INITIAL: Self = Self(0);

    /// The version after one more change.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// From a number, as clients and the database write it.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The bare number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
