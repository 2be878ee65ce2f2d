//! Connections: so many at most, each used by one batch or read at a time; the one that was used
//! last is used next.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{Client, Config, Error, Statement};

use super::error::from_postgres;
use super::options::PostgresOptions;
use super::tls::Tls;
use super::{fold, sql};
use crate::{Guard, StoreError};

/// Prepared statements each connection keeps; when there are more, it begins anew.
const STATEMENTS_MAX: usize = 256;

/// How long the server may take to hear that nobody waits any more.
const CANCEL_MAX: Duration = Duration::from_secs(2);

/// A connection with its prepared statements.
pub(super) struct Connection {
    pub(super) client: Client,
    /// Carries what is written and read; ends with this.
    driver: JoinHandle<()>,
    /// As they are; those that must touch so many rows; and those that insert so many.
    plain: HashMap<Box<str>, Statement>,
    guarded: HashMap<(&'static str, usize), Statement>,
    folded: HashMap<(&'static str, usize), Statement>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Connects, within the time that `options` allow.
    pub(super) async fn open(
        config: &Config,
        tls: &Tls,
        options: &PostgresOptions,
    ) -> Result<Self, StoreError> {
        let connecting = config.connect(tls.clone());
        let connected = timeout(options.connect_max, connecting).await;
        let (client, connection) = connected
            .map_err(|_| no_answer("to a new connection", options.connect_max))?
            .map_err(|error| from_postgres(&error))?;
        // how it ended is told to whoever waits for an answer
        let driver = tokio::spawn(async move { drop(connection.await) });
        let (plain, guarded, folded) = (HashMap::new(), HashMap::new(), HashMap::new());
        Ok(Self { client, driver, plain, guarded, folded })
    }

    /// The statement of a batch, prepared.
    pub(super) async fn guarded(
        &mut self,
        sql: &'static str,
        guard: Guard,
    ) -> Result<Statement, Error> {
        let Guard::Rows(rows) = guard else {
            return self.plain(sql).await;
        };
        if let Some(statement) = self.guarded.get(&(sql, rows)) {
            return Ok(statement.clone());
        }
        self.make_room();
        let statement = self.client.prepare(&sql::guarded(sql, guard)).await?;
        self.guarded.insert((sql, rows), statement.clone());
        Ok(statement)
    }

    /// The statement `sql`, prepared.
    pub(super) async fn plain(&mut self, sql: &str) -> Result<Statement, Error> {
        if let Some(statement) = self.plain.get(sql) {
            return Ok(statement.clone());
        }
        self.make_room();
        let statement = self.client.prepare(&sql::rewritten(sql)).await?;
        self.plain.insert(sql.into(), statement.clone());
        Ok(statement)
    }

    /// The insert `sql` of a row of so many parameters, for so many rows, prepared.
    pub(super) async fn folded(
        &mut self,
        sql: &'static str,
        params: usize,
        rows: usize,
    ) -> Result<Statement, Error> {
        if let Some(statement) = self.folded.get(&(sql, rows)) {
            return Ok(statement.clone());
        }
        self.make_room();
        let text = fold::folded(sql, params, rows).unwrap_or_default();
        let statement = self.client.prepare(&text).await?;
        self.folded.insert((sql, rows), statement.clone());
        Ok(statement)
    }

    fn make_room(&mut self) {
        if self.plain.len() + self.guarded.len() + self.folded.len() >= STATEMENTS_MAX {
            self.plain.clear();
            self.guarded.clear();
            self.folded.clear();
        }
    }
}

/// The connections of one database.
pub(super) struct Pool {
    config: Config,
    tls: Tls,
    options: PostgresOptions,
    idle: Mutex<Vec<Connection>>,
    free: Arc<Semaphore>,
    is_closed: AtomicBool,
}

impl Pool {
    pub(super) fn new(config: Config, tls: Tls, options: PostgresOptions) -> Self {
        let free = Arc::new(Semaphore::new(options.connections_max.max(1)));
        let (idle, is_closed) = (Mutex::default(), AtomicBool::new(false));
        Self { config, tls, options, idle, free, is_closed }
    }

    pub(super) const fn options(&self) -> &PostgresOptions {
        &self.options
    }

    /// A connection for whoever asks, within the time that may be waited for one.
    pub(super) async fn lease(self: &Arc<Self>) -> Result<Lease, StoreError> {
        let waiting = Arc::clone(&self.free).acquire_owned();
        let place = match timeout(self.options.wait_max, waiting).await {
            Ok(place) => place.map_err(|_| StoreError::closed())?,
            Err(_) => {
                let reason = format!("all {} connections are busy", self.options.connections_max);
                return Err(StoreError::Unavailable { reason });
            }
        };
        let connection = match self.take_idle() {
            Some(connection) => connection,
            None => Connection::open(&self.config, &self.tls, &self.options).await?,
        };
        Ok(Lease { connection: Some(connection), pool: Arc::clone(self), place: Some(place) })
    }

    /// One that hasn't ended, the one last used first.
    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle();
        while let Some(connection) = idle.pop() {
            if !connection.client.is_closed() {
                return Some(connection);
            }
        }
        None
    }

    /// Refuses whoever comes from here on, and waits for those who are there.
    pub(super) async fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
        let everything = u32::try_from(self.options.connections_max.max(1)).unwrap_or(u32::MAX);
        let longest = self.options.scan_max;
        // whoever takes longer finds the connection gone
        let _all = timeout(longest, self.free.acquire_many(everything)).await;
        self.free.close();
        self.idle().clear();
    }

    pub(super) fn is_open(&self) -> bool {
        !self.is_closed.load(Ordering::Relaxed)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use; it goes back when this is dropped. What was sent on it is carried out
/// also when nobody waits for it any more: the next answers come after it.
pub(super) struct Lease {
    connection: Option<Connection>,
    pool: Arc<Pool>,
    place: Option<OwnedSemaphorePermit>,
}

impl Lease {
    pub(super) fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        self.connection.as_mut().ok_or_else(StoreError::closed)
    }

    /// Nobody waits for its answer any more: the server is told so, and the connection is not used
    /// again. Its place is free only then.
    pub(super) fn give_up(mut self) {
        self.cancel();
    }

    /// It is not used again: it may have ended, although that isn't known yet.
    pub(super) fn discard(&mut self) {
        self.connection = None;
    }

    pub(super) fn cancel(&mut self) {
        let (Some(connection), Some(place)) = (self.connection.take(), self.place.take()) else {
            return;
        };
        let tls = self.pool.tls.clone();
        tokio::spawn(async move {
            let token = connection.client.cancel_token();
            // when the server can't be told, it finds out by its own time-outs
            let _told = timeout(CANCEL_MAX, token.cancel_query(tls)).await;
            drop(connection);
            drop(place);
        });
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && !connection.client.is_closed()
            && self.pool.is_open()
        {
            // before its place is free, so that whoever takes that finds it
            self.pool.idle().push(connection);
        }
    }
}

/// The server did not answer in time.
pub(super) fn no_answer(to: &str, within: Duration) -> StoreError {
    StoreError::Unavailable { reason: format!("no answer {to} within {within:?}") }
}
