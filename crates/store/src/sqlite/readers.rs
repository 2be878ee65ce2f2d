//! Reads: a bounded pool of read-only connections.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, params_from_iter};
use tokio::sync::Semaphore;

use super::connect::{Address, from_sqlite, readable};
use crate::{Row, StoreError, Value};

/// How many reads of one database run at once.
const CONNECTIONS: usize = 8;

/// How many of them may be long at once, so that short ones never wait for all of them.
const SCANS: usize = 4;

pub(crate) struct Readers {
    address: Address,
    idle: Mutex<Vec<Connection>>,
    free: Semaphore,
    scans: Semaphore,
}

impl Readers {
    pub(crate) fn new(address: Address) -> Self {
        let (free, scans) = (Semaphore::new(CONNECTIONS), Semaphore::new(SCANS));
        Self { address, idle: Mutex::new(Vec::new()), free, scans }
    }

    /// How many reads are under way.
    pub(crate) fn busy(&self) -> usize {
        CONNECTIONS - self.free.available_permits()
    }

    /// A short read, on the caller's thread: handing it to another one costs more than it does.
    pub(crate) async fn query(
        &self,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let _turn = self.free.acquire().await.map_err(|_| StoreError::closed())?;
        self.run(&sql, params).map_err(|error| from_sqlite(&error, &HashMap::new()))
    }

    /// A long read, on a thread where blocking harms nobody.
    pub(crate) async fn scan(
        self: Arc<Self>,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let pool = Arc::clone(&self);
        let _scan = self.scans.acquire().await.map_err(|_| StoreError::closed())?;
        let _turn = self.free.acquire().await.map_err(|_| StoreError::closed())?;
        tokio::task::spawn_blocking(move || pool.run(&sql, params))
            .await
            .map_err(|error| StoreError::Unavailable { reason: error.to_string() })?
            .map_err(|error| from_sqlite(&error, &HashMap::new()))
    }

    fn run(&self, sql: &str, params: Vec<Value>) -> rusqlite::Result<Vec<Row>> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => readable(&self.address)?,
        };
        let rows = select(&connection, sql, params);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        rows
    }
}

fn select(connection: &Connection, sql: &str, params: Vec<Value>) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(sql)?;
    let columns = statement.column_count();
    statement
        .query_map(params_from_iter(params), |row| {
            (0..columns).map(|index| row.get(index)).collect::<Result<_, _>>().map(Row)
        })?
        .collect()
}
