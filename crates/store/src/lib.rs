//! The storage engine handle: one database of one context.
//!
//! [`Store`] runs queries and applies batches of [`Statement`]s, all or nothing. A statement may
//! carry a guard; one that fails undoes the whole batch with [`StoreError::Conflict`]. Constraints
//! have names, and a broken one comes back by its name. There are no interactive transactions:
//! callers load, think, and then apply, so nothing they do can hold a lock.
//!
//! There are two engines, and one handle for both: SQLite in this process, and PostgreSQL. SQL is
//! written once where it can be, in the dialect that they share: `uuid`, `bigint`, `text`;
//! `insert … on conflict … do update`; partial indexes; `?1`-style parameters; a name for every
//! subselect in a `from`. Where an engine has something of its own, such as full-text search, a
//! [`Migration`] has SQL for each, and [`Store::engine`] tells which it is.
//!
//! Reading order: `statement` and `row` (what goes in and out), `error`, `migration`, `company`
//! (batches that wait for each other), then the engines: `sqlite` (a writer thread with group
//! commit, a pool of readers; and [`snapshot`], which copies several databases as of one moment)
//! and `postgres` (a pool of connections).

mod company;
mod error;
mod meter;
mod migration;
mod postgres;
mod row;
mod sqlite;
mod statement;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use company::Company;
pub use error::StoreError;
pub use migration::Migration;
pub use postgres::PostgresOptions;
use postgres::{Postgres, Schema};
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

/// What keeps the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file of this process.
    Sqlite,
    /// A server, which other processes use, too.
    Postgres,
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
    backend: Backend,
    /// In memory there is no fsync to share; and PostgreSQL shares it by itself.
    company: Option<Arc<Company>>,
}

#[derive(Clone)]
enum Backend {
    Sqlite(sqlite::Sqlite),
    Postgres(Postgres),
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
        let engine = sqlite::Sqlite::open(location, migrations)?;
        Ok(Self { backend: Backend::Sqlite(engine), company })
    }

    /// Opens the database at `file` while another process may be using it: its schema is left as
    /// it is.
    ///
    /// # Errors
    /// As [`Self::open`], and when the schema isn't the one that `migrations` make: the other
    /// process is of another release.
    pub fn open_beside(file: &Path, migrations: &[Migration]) -> Result<Self, StoreError> {
        let engine = sqlite::Sqlite::open_beside(file, migrations)?;
        let company = Some(Arc::new(Company::new()));
        Ok(Self { backend: Backend::Sqlite(engine), company })
    }

    /// Connects to the PostgreSQL database that `options` tell of, creates it if it isn't there,
    /// and brings its schema up to date. Several processes may do that at the same time.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the server doesn't answer or refuses;
    /// [`StoreError::Failed`] when the URL can't be used; [`StoreError::Migration`] when the
    /// database holds a schema that `migrations` didn't make, or compares texts in another way.
    pub async fn connect(
        options: PostgresOptions,
        migrations: &[Migration],
    ) -> Result<Self, StoreError> {
        let engine = Postgres::connect(options, migrations, Schema::Migrate).await?;
        Ok(Self { backend: Backend::Postgres(engine), company: None })
    }

    /// As [`Self::connect`], to a database that others use: it and its schema are left as they are.
    ///
    /// # Errors
    /// As [`Self::connect`], and when the schema isn't the one that `migrations` make.
    pub async fn connect_beside(
        options: PostgresOptions,
        migrations: &[Migration],
    ) -> Result<Self, StoreError> {
        let engine = Postgres::connect(options, migrations, Schema::Leave).await?;
        Ok(Self { backend: Backend::Postgres(engine), company: None })
    }

    /// What keeps its data: for SQL that one engine alone understands.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self.backend {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// Applies `batch` atomically and durably: when this returns `Ok`, power may fail.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] and [`StoreError::Constraint`] when a guard or a constraint said
    /// no; then nothing of the batch was applied. [`StoreError::Full`] and
    /// [`StoreError::Unavailable`] when the engine can't write now. Only when the connection to
    /// PostgreSQL ends while it commits, nobody knows whether the batch stood: it is said to be
    /// unavailable, and who tries again must bear that.
    pub async fn apply(&self, batch: Vec<Statement>) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Sqlite(engine) => engine.apply(batch).await,
            Backend::Postgres(engine) => engine.apply(batch).await,
        }
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

    /// What metrics and traces call it: its file's name without the ending, or as its options say.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.backend {
            Backend::Sqlite(engine) => engine.name(),
            Backend::Postgres(engine) => engine.name(),
        }
    }

    /// How it is, as far as can be told without asking it.
    #[must_use]
    pub fn condition(&self) -> Condition {
        match &self.backend {
            Backend::Sqlite(engine) => engine.condition(),
            Backend::Postgres(engine) => engine.condition(),
        }
    }

    /// Writes, durably, without changing anything: whether it can be written to right now.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub async fn probe(&self) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Sqlite(engine) => engine.probe().await,
            Backend::Postgres(engine) => engine.probe().await,
        }
    }

    /// Applies what is waiting, and moves everything into the database file, unless it was opened
    /// by [`Self::open_beside`]: the other process does. Connections to PostgreSQL are ended. What
    /// comes later is refused as unavailable.
    pub async fn close(&self) {
        match &self.backend {
            Backend::Sqlite(engine) => engine.close().await,
            Backend::Postgres(engine) => engine.close().await,
        }
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
        match &self.backend {
            Backend::Sqlite(engine) => engine.query(sql.into(), params.into_iter().collect()).await,
            Backend::Postgres(engine) => {
                engine.query(sql.into(), params.into_iter().collect()).await
            }
        }
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
        match &self.backend {
            Backend::Sqlite(engine) => engine.scan(sql.into(), params.into_iter().collect()).await,
            Backend::Postgres(engine) => {
                engine.scan(sql.into(), params.into_iter().collect()).await
            }
        }
    }
}
