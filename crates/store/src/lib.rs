//! The storage engine handle: one database of one context.
//!
//! [`Store`] runs queries and applies batches of [`Statement`]s, all or nothing. A statement may
//! carry a guard; one that fails undoes the whole batch with [`StoreError::Conflict`]. Constraints
//! have names, and a broken one comes back by its name. There are no interactive transactions:
//! callers load, think, and then apply, so nothing they do can hold a lock.
//!
//! SQL is written once, in the dialect that SQLite and PostgreSQL share: `uuid`, `bigint`, `text`;
//! `insert … on conflict … do update`; partial indexes; `?1`-style parameters.
//!
//! Reading order: `statement` and `row` (what goes in and out), `error`, `migration`,
//! then `sqlite` (the engine: a writer thread with group commit, a pool of readers).

mod error;
mod migration;
mod row;
mod sqlite;
mod statement;

use std::borrow::Cow;
use std::path::Path;

pub use error::StoreError;
pub use migration::Migration;
pub use row::{FromValue, Row};
pub use statement::{Guard, Statement, Value};

/// Where a store keeps its data.
#[derive(Debug, Clone, Copy)]
pub enum Location<'a> {
    /// A SQLite file; created when it isn't there.
    File(&'a Path),
    /// In memory, for tests of pure logic: gone with the handle.
    Memory,
}

/// A handle on one database. Cheap to clone. [`Store::close`] ends it in good order; without that
/// nothing is lost, but part of it stays in the write-ahead log until the next start.
#[derive(Clone)]
pub struct Store {
    engine: sqlite::Sqlite,
}

impl Store {
    /// Opens the database at `location`, and brings its schema up to date.
    ///
    /// # Errors
    /// When the file can't be opened or written, or holds a schema that `migrations` didn't make.
    pub fn open(location: Location<'_>, migrations: &[Migration]) -> Result<Self, StoreError> {
        Ok(Self { engine: sqlite::Sqlite::open(location, migrations)? })
    }

    /// Applies `batch` atomically and durably: when this returns `Ok`, power may fail.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] and [`StoreError::Constraint`] when a guard or a constraint said
    /// no; then nothing of the batch was applied. [`StoreError::Full`] and
    /// [`StoreError::Unavailable`] when the engine can't write now.
    pub async fn apply(&self, batch: Vec<Statement>) -> Result<(), StoreError> {
        self.engine.apply(batch).await
    }

    /// Whether it still takes batches: it was not closed, and its writer lives.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.engine.is_open()
    }

    /// Applies what is waiting, and moves everything into the database file. Batches that come
    /// later are refused as unavailable.
    pub async fn close(&self) {
        self.engine.close().await;
    }

    /// Reads the rows of `sql`, as of one moment; what was applied before is seen. For reads that
    /// an index makes short: they may take the caller's thread for their time.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] and [`StoreError::Failed`].
    pub async fn query(
        &self,
        sql: impl Into<Cow<'static, str>>,
        params: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, StoreError> {
        self.engine.query(sql.into(), params.into_iter().collect()).await
    }

    /// As [`Self::query`], for reads that may look at many rows.
    ///
    /// # Errors
    /// As [`Self::query`].
    pub async fn scan(
        &self,
        sql: impl Into<Cow<'static, str>>,
        params: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Row>, StoreError> {
        self.engine.scan(sql.into(), params.into_iter().collect()).await
    }
}
