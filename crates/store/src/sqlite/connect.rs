//! Connections: how they are opened and set up, and how values and errors cross over.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use uuid::Uuid;

use crate::migration::{Applied, pending};
use crate::{Engine, Location, Migration, StoreError, Value};

/// How long a connection waits for another process's lock, such as a backup's.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How often it looks again where SQLite doesn't wait itself.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// Prepared statements each connection keeps.
const STATEMENT_CACHE: usize = 128;

/// What the writer keeps of the database in memory, at most: the leaves of its indexes that are
/// written again and again. Negative, so that SQLite takes it for KiB.
const CACHE_KIB: i64 = -8 * 1024;

/// What to open: a file, or a named database in memory that connections of this process share.
pub(crate) enum Address {
    File(PathBuf),
    Memory(String),
}

impl Address {
    pub(crate) fn of(location: Location<'_>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        match location {
            Location::File(path) => Self::File(path.to_owned()),
            Location::Memory => {
                let number = NEXT.fetch_add(1, Ordering::Relaxed);
                Self::Memory(format!("file:/store-{number}?vfs=memdb"))
            }
        }
    }

    fn open(&self, access: OpenFlags) -> rusqlite::Result<Connection> {
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let connection = match self {
            Self::File(path) => Connection::open_with_flags(path, flags)?,
            Self::Memory(uri) => Connection::open_with_flags(uri, flags)?,
        };
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
        // plans don't depend on what parameters are bound to: else SQLite looks at the number
        // behind `limit ?1`, say, and compiles the statement anew for each, although it is cached
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(connection)
    }
}

/// The one connection that writes.
pub(crate) fn writable(address: &Address) -> Result<Connection, StoreError> {
    let access = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let open = || -> rusqlite::Result<Connection> {
        let connection = address.open(access)?;
        use_write_ahead_log(&connection)?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", CACHE_KIB)?;
        add_text_functions(&connection)?;
        Ok(connection)
    };
    open().map_err(|error| from_sqlite(&error, &HashMap::new()))
}

/// Whoever switches an empty database to the write-ahead log while others open it may hear that it
/// is busy at once: waiting for each other, two that read it already would wait for ever, so SQLite
/// doesn't ask its busy handler there. The switch holds nothing when it failed, and is tried again.
fn use_write_ahead_log(connection: &Connection) -> rusqlite::Result<()> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    // bounded: by the deadline
    loop {
        match connection.pragma_update(None, "journal_mode", "wal") {
            Err(error) if is_busy(&error) && Instant::now() < deadline => pause(),
            done => return done,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

#[expect(clippy::disallowed_methods, reason = "SQLite's locks can only be polled")]
fn pause() {
    std::thread::sleep(LOOK_EVERY);
}

/// One of the connections that only read.
pub(crate) fn readable(address: &Address) -> rusqlite::Result<Connection> {
    let connection = address.open(OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    add_text_functions(&connection)?;
    Ok(connection)
}

/// A text as it is compared.
type Fold = fn(&str) -> String;

/// What SQL calls to compare texts as the program does: `caseless(text)` and `words(text)`, see
/// [`kernel::text`]. Indexes and triggers must not use them: other programs that open the file,
/// such as the `sqlite3` shell, don't have them.
fn add_text_functions(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    let caseless: Fold = kernel::text::caseless;
    for (name, fold) in [("caseless", caseless), ("words", kernel::text::words)] {
        connection.create_scalar_function(name, 1, flags, move |context| {
            let text: Option<&str> = context.get_raw(0).as_str_or_null()?;
            Ok(text.map(fold))
        })?;
    }
    Ok(())
}

/// Applies what is pending, all in one transaction; a second process waits for the lock.
pub(crate) fn migrate(
    connection: &mut Connection,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    let fail = |error: rusqlite::Error| from_sqlite(&error, &HashMap::new());
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
    transaction
        .execute_batch(
            "create table if not exists schema_migrations
                 (name text primary key, checksum text not null)",
        )
        .map_err(fail)?;
    for migration in pending(Engine::Sqlite, migrations, &applied(&transaction).map_err(fail)?)? {
        transaction.execute_batch(migration.sql(Engine::Sqlite)).map_err(|error| {
            StoreError::Migration { name: migration.name.to_owned(), reason: error.to_string() }
        })?;
        transaction
            .execute(
                "insert into schema_migrations (name, checksum) values (?1, ?2)",
                (migration.name, migration.checksum(Engine::Sqlite)),
            )
            .map_err(fail)?;
    }
    transaction.commit().map_err(fail)
}

/// Refuses a database that [`migrate`] would change.
pub(crate) fn must_be_migrated(
    connection: &Connection,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    let applied = applied(connection).map_err(|error| from_sqlite(&error, &HashMap::new()))?;
    match pending(Engine::Sqlite, migrations, &applied)?.first() {
        None => Ok(()),
        Some(migration) => Err(StoreError::Migration {
            name: migration.name.to_owned(),
            reason: "it isn't applied yet, and another process may be using the database".into(),
        }),
    }
}

fn applied(connection: &Connection) -> rusqlite::Result<Vec<Applied>> {
    connection
        .prepare("select name, checksum from schema_migrations order by name")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// SQLite names a broken unique index by its columns; this is the way back to its name. A primary
/// key has the name that PostgreSQL gives it: `orders_pkey`.
pub(crate) type ConstraintNames = HashMap<String, String>;

/// Reads the schema's unique indexes: `orders.ticket_id` → `orders_one_active_per_ticket`.
pub(crate) fn constraint_names(connection: &Connection) -> Result<ConstraintNames, StoreError> {
    let read = || -> rusqlite::Result<ConstraintNames> {
        connection
            .prepare(
                "select iif(i.origin = 'pk', t.name || '_pkey', i.name),
                     group_concat(t.name || '.' || c.name, ', ')
                 from sqlite_schema t, pragma_index_list(t.name) i, pragma_index_info(i.name) c
                 where t.type = 'table' and i.\"unique\" = 1 and i.origin in ('c', 'pk')
                 group by i.name",
            )?
            .query_map([], |row| Ok((row.get(1)?, row.get(0)?)))?
            .collect()
    };
    read().map_err(|error| from_sqlite(&error, &HashMap::new()))
}

/// An engine error as one of ours.
pub(crate) fn from_sqlite(error: &rusqlite::Error, names: &ConstraintNames) -> StoreError {
    let reason = error.to_string();
    let Some(code) = error.sqlite_error_code() else {
        return StoreError::Failed { reason };
    };
    match code {
        ErrorCode::ConstraintViolation => {
            let what = reason.rsplit_once("failed: ").map_or(reason.as_str(), |(_, what)| what);
            StoreError::Constraint {
                name: names.get(what).map_or_else(|| what.to_owned(), Clone::clone),
            }
        }
        ErrorCode::DiskFull => StoreError::Full { reason },
        ErrorCode::ReadOnly
        | ErrorCode::SystemIoFailure
        | ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::CannotOpen
        | ErrorCode::PermissionDenied
        | ErrorCode::OutOfMemory
        | ErrorCode::OperationInterrupted => StoreError::Unavailable { reason },
        _ => StoreError::Failed { reason },
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Uuid(id) => ValueRef::Blob(id.as_bytes()),
        }))
    }
}

impl rusqlite::types::FromSql for Value {
    fn column_result(value: ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        use rusqlite::types::FromSqlError;
        match value {
            ValueRef::Null => Ok(Self::Null),
            ValueRef::Integer(number) => Ok(Self::Int(number)),
            ValueRef::Text(_) => Ok(Self::Text(value.as_str()?.to_owned())),
            ValueRef::Blob(bytes) => {
                Uuid::from_slice(bytes).map(Self::Uuid).map_err(|_| FromSqlError::InvalidType)
            }
            ValueRef::Real(_) => Err(FromSqlError::InvalidType),
        }
    }
}
