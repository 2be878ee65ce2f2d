//! What can go wrong below a store.

/// Why a store did not do what was asked. Nothing of a failed batch was applied.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// A guarded statement touched another number of rows than its guard demands: somebody else
    /// changed the entity since it was read.
    #[error("guard failed for `{sql}`: {rows} rows")]
    Conflict {
        /// The guarded statement.
        sql: &'static str,
        /// How many rows it touched.
        rows: usize,
    },
    /// A named constraint of the schema said no.
    #[error("constraint {name}")]
    Constraint {
        /// The constraint's name in the schema.
        name: String,
    },
    /// There is no room to write: the disk is full. Reading goes on.
    #[error("no room to write: {reason}")]
    Full {
        /// The engine's word for it, for the log.
        reason: String,
    },
    /// Others were in the way: a deadlock, a lock that took too long, what can't be serialized.
    /// Nothing was applied.
    #[error("database busy: {reason}")]
    Busy {
        /// The engine's word for it, for the log.
        reason: String,
    },
    /// The engine can't serve now: away, read-only, an error of the disk, shutting down.
    #[error("database unavailable: {reason}")]
    Unavailable {
        /// The engine's word for it, for the log.
        reason: String,
    },
    /// A fault of ours: SQL that doesn't fit the schema, a column of another type.
    #[error("database fault: {reason}")]
    Failed {
        /// The engine's word for it, for the log.
        reason: String,
    },
    /// The database's schema isn't one this program made.
    #[error("migration {name}: {reason}")]
    Migration {
        /// The migration's name.
        name: String,
        /// What doesn't fit.
        reason: String,
    },
}

impl StoreError {
    /// Whether a command should start again from load: another write came first.
    #[must_use]
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    /// Whether the constraint `name` said no.
    #[must_use]
    pub fn is_constraint(&self, wanted: &str) -> bool {
        matches!(self, Self::Constraint { name } if name == wanted)
    }

    /// Whether the same batch may be applied later, when what is in the way is gone.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Busy { .. } | Self::Unavailable { .. })
    }

    pub(crate) fn closed() -> Self {
        Self::Unavailable { reason: "the store is closed".to_owned() }
    }
}
