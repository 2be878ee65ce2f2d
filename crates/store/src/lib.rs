//! The storage engine handle: one database of one context.
//!
//! [`Store`] runs queries and applies batches of [`Statement`]s, all or nothing. A statement may
//! carry a guard; one that fails undoes the whole batch with [`StoreError::Conflict`]. Constraints
//! have names, and a broken one comes back by its name. There are no interactive transactions:
//! callers load, think, and then apply, so nothing they do can hold a lock.
//!
//! SQL is written once where it can be, in the dialect that SQLite and PostgreSQL share: `uuid`,
//! `bigint`, `text`; `insert … on conflict … do update`; partial indexes; `?1`-style parameters.
//! Full-text search is SQLite's own (FTS5).
//!
//! Reading order: `statement` and `row` (what goes in and out), `error`, `migration`, `company`
//! (batches that wait for each other), then `sqlite` (the engine: a writer thread with group
//! commit, a pool of readers; and [`snapshot`], which copies several databases as of one moment).

mod company;
mod error;
mod migration;
mod row;
mod sqlite;
mod statement;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use company::Company;
pub use error::StoreError;
pub use migration::Migration;
pub use row::{FromValue, Row};
pub use sqlite::backup::{Snapshot, Snapshots, check_integrity, snapshot};
pub use statement::{Guard, Statement, Value};

/// Where a store keeps its data.
#[derive(Debug, Clone, Copy)]
pub enum Location<'a> {
    /// A SQLite file; created when it isn't there.
    File(&'a Path),
    /// In memory, for tests of pure logic: gone with the handle.
    Memory,
}

impl Location<'_> {
    /// What metrics and traces call the database: `orders` for `data/orders.db`.
    fn name(&self) -> Arc<str> {
        let stem = match self {
            Self::File(path) => path.file_stem().and_then(|stem| stem.to_str()),
            Self::Memory => Some("memory"),
        };
        stem.unwrap_or("unnamed").into()
    }
}

/// How a database is, as far as can be told without asking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// It was not closed, and its writer lives.
    pub is_open: bool,
    /// The last commit stood. When it didn't, [`Store::probe`] tells whether one would now.
    pub can_write: bool,
    /// Reads under way.
    pub readers_busy: usize,
}

/// A handle on one database. Cheap to clone. [`Store::close`] ends it in good order; without that
/// nothing is lost, but part of it stays in the write-ahead log until the next start.
#[derive(Clone)]
pub struct Store {
    engine: sqlite::Sqlite,
    /// In memory there is no fsync to share.
    company: Option<Arc<Company>>,
}

impl Store {
    /// Opens the database at `location`, and brings its schema up to date.
    ///
    /// # Errors
    /// When the file can't be opened or written, or holds a schema that `migrations` didn't make.
    pub fn open(location: Location<'_>, migrations: &[Migration]) -> Result<Self, StoreError> {
        let company = match location {
            Location::File(_) => Some(Arc::new(Company::new())),
            Location::Memory => None,
        };
        Ok(Self { engine: sqlite::Sqlite::open(location, migrations)?, company })
    }

    /// Opens the database at `file` while another process may be using it: its schema is left as
    /// it is.
    ///
    /// # Errors
    /// As [`Self::open`], and when the schema isn't the one that `migrations` make: the other
    /// process is of another release.
    pub fn open_beside(file: &Path, migrations: &[Migration]) -> Result<Self, StoreError> {
        let engine = sqlite::Sqlite::open_beside(file, migrations)?;
        Ok(Self { engine, company: Some(Arc::new(Company::new())) })
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

    /// As [`Self::apply`], for work whose asker can wait some milliseconds: when there is much of
    /// it, a batch waits so long for others, and they cost one fsync together.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub async fn apply_in_company(&self, batch: Vec<Statement>) -> Result<(), StoreError> {
        if let Some(company) = &self.company {
            company.wait().await;
        }
        self.apply(batch).await
    }

    /// What metrics and traces call it: its file's name without the ending.
    #[must_use]
    pub fn name(&self) -> &str {
        self.engine.name()
    }

    /// How it is, as far as can be told without asking it.
    #[must_use]
    pub fn condition(&self) -> Condition {
        self.engine.condition()
    }

    /// Writes, durably, without changing anything: whether it can be written to right now.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.engine.probe().await
    }

    /// Applies what is waiting, and moves everything into the database file, unless it was opened
    /// by [`Self::open_beside`]: the other process does. Batches that come later are refused as
    /// unavailable.
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

    /// As [`Self::query`], for reads that may look at many rows. Few of them run at once, others
    /// wait; one that nobody waits for any more is interrupted.
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
