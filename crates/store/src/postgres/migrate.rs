//! The database comes to be, and its schema: once, however many processes start at the same time.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config};

use super::error::from_postgres;
use super::options::PostgresOptions;
use super::pool::Connection;
use super::sql::CONFLICT_FUNCTION;
use super::tls::Tls;
use crate::migration::{Applied, pending};
use crate::{Engine, Migration, StoreError};

/// The database of the server that is there before all others.
const MAINTENANCE: &str = "postgres";

/// The lock under which a database is migrated: a number that nobody else takes by chance.
const LOCK: i64 = 0x7469_636b_6574_696e;

/// How often it is looked whether another process has created the database meanwhile.
const ATTEMPTS_MAX: usize = 5;

/// Texts are compared byte by byte, as SQLite does; else pages that are sorted by text, and ranges
/// of text, would be others.
const CREATE: &str = "encoding 'UTF8' lc_collate 'C' lc_ctype 'C' template template0";

/// A connection for [`migrate`]: to the database, which is created when it isn't there. What is
/// done on it may take its time.
pub(super) async fn connect(
    config: &Config,
    tls: &Tls,
    options: &PostgresOptions,
) -> Result<Connection, StoreError> {
    let mut last = StoreError::closed();
    for _ in 0..ATTEMPTS_MAX {
        match Connection::open(config, tls, options).await {
            Err(error) if is_missing(&error) => last = error,
            opened => {
                let opened = opened?;
                let patient = "set statement_timeout = 0; set lock_timeout = 0;
                     set idle_in_transaction_session_timeout = 0";
                opened
                    .client
                    .batch_execute(patient)
                    .await
                    .map_err(|error| from_postgres(&error))?;
                return Ok(opened);
            }
        }
        create(config, tls, options).await?;
    }
    Err(last)
}

fn is_missing(error: &StoreError) -> bool {
    let code = SqlState::INVALID_CATALOG_NAME;
    error.is_passing() && error.to_string().contains(&format!("({})", code.code()))
}

async fn create(config: &Config, tls: &Tls, options: &PostgresOptions) -> Result<(), StoreError> {
    let name = config.get_dbname().unwrap_or_default().replace('"', "\"\"");
    let mut maintenance = config.clone();
    maintenance.dbname(MAINTENANCE);
    let connection = Connection::open(&maintenance, tls, options).await?;
    let sql = format!("create database \"{name}\" {CREATE}");
    let Err(error) = connection.client.batch_execute(&sql).await else {
        tracing::info!(database = name, "Created a database");
        return Ok(());
    };
    // another process was quicker, or is at it: the template is in use, or the name is
    let others =
        [SqlState::DUPLICATE_DATABASE, SqlState::UNIQUE_VIOLATION, SqlState::OBJECT_IN_USE];
    match error.code() {
        Some(code) if others.contains(code) => Ok(()),
        _ => Err(from_postgres(&error)),
    }
}

/// Applies what is pending, all in one transaction; a second process waits for the lock.
pub(super) async fn migrate(client: &Client, migrations: &[Migration]) -> Result<(), StoreError> {
    let fail = |error: tokio_postgres::Error| from_postgres(&error);
    let begin = format!("begin; select pg_advisory_xact_lock({LOCK})");
    client.batch_execute(&begin).await.map_err(fail)?;
    must_compare_bytes(client).await?;
    let table = "create table if not exists schema_migrations
         (name text primary key, checksum text not null)";
    client.batch_execute(table).await.map_err(fail)?;
    if !has(client, "to_regprocedure('store_conflict(bigint)')").await? {
        client.batch_execute(CONFLICT_FUNCTION).await.map_err(fail)?;
    }
    for migration in pending(Engine::Postgres, migrations, &applied(client).await?)? {
        let sql = migration.sql(Engine::Postgres);
        client.batch_execute(sql).await.map_err(|error| StoreError::Migration {
            name: migration.name.to_owned(),
            reason: from_postgres(&error).to_string(),
        })?;
        let note = "insert into schema_migrations (name, checksum) values ($1, $2)";
        let checksum = migration.checksum(Engine::Postgres);
        client.execute(note, &[&migration.name, &checksum]).await.map_err(fail)?;
    }
    client.batch_execute("commit").await.map_err(fail)
}

/// Refuses a database that [`migrate`] would change.
pub(super) async fn must_be_migrated(
    client: &Client,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    must_compare_bytes(client).await?;
    let is_there = has(client, "to_regclass('schema_migrations')").await?;
    let applied = if is_there { applied(client).await? } else { Vec::new() };
    match pending(Engine::Postgres, migrations, &applied)?.first() {
        None => Ok(()),
        Some(migration) => Err(StoreError::Migration {
            name: migration.name.to_owned(),
            reason: "it isn't applied yet, and another process may be using the database".into(),
        }),
    }
}

async fn must_compare_bytes(client: &Client) -> Result<(), StoreError> {
    let sql = "select datcollate::text, pg_encoding_to_char(encoding)::text from pg_database
         where datname = current_database()";
    let row = client.query_one(sql, &[]).await.map_err(|error| from_postgres(&error))?;
    let (collate, encoding): (String, String) = (row.get(0), row.get(1));
    if matches!(collate.as_str(), "C" | "POSIX") && encoding == "UTF8" {
        return Ok(());
    }
    let reason = format!(
        "it compares texts as {collate} in {encoding}; create it with `{CREATE}`, or let the \
         program create it"
    );
    Err(StoreError::Migration { name: "the database".to_owned(), reason })
}

async fn has(client: &Client, what: &str) -> Result<bool, StoreError> {
    let sql = format!("select {what} is not null");
    let row = client.query_one(&sql, &[]).await.map_err(|error| from_postgres(&error))?;
    Ok(row.get(0))
}

async fn applied(client: &Client) -> Result<Vec<Applied>, StoreError> {
    let sql = "select name, checksum from schema_migrations order by name";
    let rows = client.query(sql, &[]).await.map_err(|error| from_postgres(&error))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
