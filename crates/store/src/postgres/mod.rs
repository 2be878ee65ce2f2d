//! The PostgreSQL engine: a pool of connections (`pool`), batches that are one transaction and one
//! round trip (`writer`), alone or, when many come at once, in groups (`queue`), and reads of one
//! round trip.
//!
//! Nothing waits for a server that doesn't answer: each wait has its limit, after which the caller
//! hears that the database is unavailable. The server shares a flush to the disk among commits of
//! several connections by itself; what groups save is its work for each statement.
//!
//! Reading order: `options`, `sql` (how statements are rewritten), `fold` (inserts of many rows),
//! `values`, `error`, `tls`, `pool`, `migrate`, `writer`, `queue`.

mod error;
mod fold;
mod migrate;
mod options;
mod pool;
mod queue;
mod sql;
mod tls;
mod values;
mod writer;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{TryStreamExt, pin_mut};
use telemetry::Repeated;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::meter::Meter;
use crate::{Condition, Migration, Row, Statement, StoreError, Value};
use error::{Failure, from_postgres, is_of_connection};
pub use options::PostgresOptions;
use pool::{Connection, Lease, Pool, no_answer};
use queue::{Queue, Waiting};
use tls::Tls;

/// Writes a row as it is: changes nothing, and needs everything a write needs.
const PROBE: &str = "update schema_migrations set checksum = checksum
     where name = (select min(name) from schema_migrations)";

/// How often a batch is tried that had to give way to another, or met a connection that had ended.
const ATTEMPTS_MAX: usize = 5;

/// Groups of batches under way at once. More would be smaller, and cost the server more.
const WRITERS_MAX: usize = 2;

/// How often the log says that nothing can be written, while that is so.
const SAY_EVERY: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub(crate) struct Postgres(Arc<Database>);

struct Database {
    name: Arc<str>,
    pool: Arc<Pool>,
    queue: Queue,
    /// Long reads: half of the connections at most, so that short ones never wait for all of them.
    scans: Arc<Semaphore>,
    readers: AtomicUsize,
    can_write: AtomicBool,
    meter: Meter,
    outage: Repeated,
}

/// Whose schema it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// Ours to bring up to date.
    Migrate,
    /// Another process's: left as it is.
    Leave,
}

impl Postgres {
    pub(crate) async fn connect(
        options: PostgresOptions,
        migrations: &[Migration],
        schema: Schema,
    ) -> Result<Self, StoreError> {
        let (config, trust) = options.config()?;
        let tls = Tls::new(&trust)?;
        match schema {
            Schema::Migrate => {
                let connection = migrate::connect(&config, &tls, &options).await?;
                migrate::migrate(&connection.client, migrations).await?;
            }
            Schema::Leave => {
                let connection = Connection::open(&config, &tls, &options).await?;
                migrate::must_be_migrated(&connection.client, migrations).await?;
            }
        }
        let name: Arc<str> = options.name.as_str().into();
        let database = Database {
            meter: Meter::of(&name),
            name,
            scans: Arc::new(Semaphore::new(options.connections_max.div_ceil(2).max(1))),
            pool: Arc::new(Pool::new(config, tls, options)),
            queue: Queue::default(),
            readers: AtomicUsize::new(0),
            can_write: AtomicBool::new(true),
            outage: Repeated::every(SAY_EVERY),
        };
        Ok(Self(Arc::new(database)))
    }

    pub(crate) async fn apply(&self, batch: Vec<Statement>) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let database = &self.0;
        let mut left = database.queue.leave(batch, WRITERS_MAX);
        if left.needs_writer {
            // goes on when this is dropped: others may rely on it by then
            tokio::spawn(Arc::clone(database).write());
        }
        let wait_max = database.pool.options().wait_max;
        let answer = match timeout(wait_max, &mut left.answer).await {
            Ok(answer) => answer,
            Err(_) if database.queue.withdraw(&left) => {
                let late = no_answer("to the batches before", wait_max);
                database.note(wait_max, std::slice::from_ref(&Err(late.clone())));
                return Err(late);
            }
            Err(_) => left.answer.await,
        };
        answer.unwrap_or_else(|_gone| Err(StoreError::closed()))
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn condition(&self) -> Condition {
        let Database { pool, readers, can_write, .. } = &*self.0;
        Condition {
            is_open: pool.is_open(),
            can_write: can_write.load(Ordering::Relaxed),
            readers_busy: readers.load(Ordering::Relaxed),
        }
    }

    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        self.apply(vec![Statement::new(PROBE, [])]).await
    }

    pub(crate) async fn close(&self) {
        self.0.pool.close().await;
    }

    pub(crate) async fn query(
        &self,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let (database, mut last) = (&*self.0, StoreError::closed());
        let _reading = Reading::begin(&database.readers);
        for _ in 0..ATTEMPTS_MAX {
            match database.try_query(&sql, &params).await {
                Err(Failure::Again(error)) => last = error,
                done => return done.map_err(Failure::into_error),
            }
        }
        Err(last)
    }

    pub(crate) async fn scan(
        &self,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let database = &*self.0;
        let (wait_max, scan_max) = {
            let options = database.pool.options();
            (options.wait_max, options.scan_max)
        };
        let waiting = timeout(wait_max, database.scans.acquire()).await;
        let _turn = match waiting {
            Ok(turn) => turn.map_err(|_| StoreError::closed())?,
            Err(_) => return Err(no_answer("to the searches before", wait_max)),
        };
        let _reading = Reading::begin(&database.readers);
        let mut scan = Scan(Some(database.lease().await?));
        let connection = scan.0.as_mut().ok_or_else(StoreError::closed)?.connection()?;
        let rows = match timeout(scan_max, read_once(connection, &sql, &params)).await {
            Ok(rows) => rows.map_err(|error| from_postgres(&error)),
            Err(_) => return Err(no_answer("to a search", scan_max)),
        };
        scan.end();
        rows?.iter().map(values::row_of).collect()
    }
}

impl Database {
    async fn lease(&self) -> Result<Lease, StoreError> {
        if !self.pool.is_open() {
            return Err(StoreError::closed());
        }
        self.pool.lease().await
    }

    /// Writes what waits until nothing does.
    async fn write(self: Arc<Self>) {
        // bounded: each round takes batches out of the queue
        while let Some(group) = self.queue.take() {
            let started = Instant::now();
            let (batches, answers): (Vec<_>, Vec<_>) =
                group.into_iter().map(|Waiting { batch, answer, .. }| (batch, answer)).unzip();
            let batches: Vec<&[Statement]> = batches.iter().map(Vec::as_slice).collect();
            let applied = self.apply_all(&batches).await;
            self.note(started.elapsed(), &applied);
            for (answer, applied) in answers.into_iter().zip(applied) {
                // who asked may be gone
                let _ = answer.send(applied);
            }
        }
    }

    /// Applies `batches`, each of which stands or falls by itself.
    async fn apply_all(&self, batches: &[&[Statement]]) -> Vec<Result<(), StoreError>> {
        if let [batch] = batches {
            return vec![self.apply_alone(batch).await];
        }
        match self.try_apply(batches).await {
            Ok(()) => batches.iter().map(|_| Ok(())).collect(),
            // nobody knows whether they stand, or none can
            Err(Failure::Final(
                error @ (StoreError::Full { .. } | StoreError::Unavailable { .. }),
            )) => batches.iter().map(|_| Err(error.clone())).collect(),
            // one of them was refused, or was in another's way
            Err(_refused) => join_all(batches.iter().map(|batch| self.apply_alone(batch))).await,
        }
    }

    async fn apply_alone(&self, batch: &[Statement]) -> Result<(), StoreError> {
        let mut last = StoreError::closed();
        for _ in 0..ATTEMPTS_MAX {
            match self.try_apply(&[batch]).await {
                Err(Failure::Again(error)) => last = error,
                done => return done.map_err(Failure::into_error),
            }
        }
        Err(last)
    }

    /// Applies all of `batches`, or none.
    async fn try_apply(&self, batches: &[&[Statement]]) -> Result<(), Failure> {
        let mut lease = self.lease().await.map_err(Failure::Final)?;
        let limit = self.pool.options().answer_max;
        let connection = lease.connection().map_err(Failure::Final)?;
        let applying = async {
            match batches {
                [batch] => writer::apply(connection, batch).await,
                several => writer::apply_together(connection, several).await,
            }
        };
        match timeout(limit, applying).await {
            Ok(applied) => {
                if let Err(Failure::Again(_) | Failure::Final(StoreError::Unavailable { .. })) =
                    applied
                {
                    lease.discard();
                }
                applied
            }
            Err(_) => {
                lease.give_up();
                Err(Failure::Final(no_answer("to a batch", limit)))
            }
        }
    }

    async fn try_query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, Failure> {
        let mut lease = self.lease().await.map_err(Failure::Final)?;
        let limit = self.pool.options().answer_max;
        let connection = lease.connection().map_err(Failure::Final)?;
        let rows = match timeout(limit, read(connection, sql, params)).await {
            Ok(Ok(rows)) => rows,
            Ok(Err(error)) if is_of_connection(&error) => {
                lease.discard();
                return Err(Failure::Again(from_postgres(&error)));
            }
            Ok(Err(error)) => return Err(Failure::Final(from_postgres(&error))),
            Err(_) => {
                lease.give_up();
                return Err(Failure::Final(no_answer("to a read", limit)));
            }
        };
        rows.iter().map(values::row_of).collect::<Result<_, _>>().map_err(Failure::Final)
    }

    /// Counts batches that were written together, and says when nothing can be written, and when
    /// that is over.
    fn note(&self, time: Duration, applied: &[Result<(), StoreError>]) {
        let Self { name, meter, outage, can_write, .. } = self;
        let failed = |it: &&Result<(), StoreError>| matches!(it, Err(error) if error.is_passing());
        if let Some(Err(error)) = applied.iter().find(failed) {
            meter.not_committed(applied.iter().filter(failed).count());
            can_write.store(false, Ordering::Relaxed);
            if let Some(kept_back) = outage.say() {
                tracing::error!(%error, database = &**name, kept_back,
                    "Could not commit a batch; whoever asked was told");
            }
            return;
        }
        meter.committed(time, applied);
        if !can_write.swap(true, Ordering::Relaxed)
            && let Some(kept_back) = outage.over()
        {
            let database = &**name;
            tracing::info!(database, kept_back, "The database can be written again");
        }
    }
}

/// By a statement that stays prepared.
async fn read(
    connection: &mut Connection,
    sql: &str,
    params: &[Value],
) -> Result<Vec<tokio_postgres::Row>, tokio_postgres::Error> {
    let statement = connection.plain(sql).await?;
    let rows = connection.client.query_raw(&statement, params).await?;
    pin_mut!(rows);
    rows.try_collect().await
}

/// By a statement that is planned for these parameters.
async fn read_once(
    connection: &mut Connection,
    sql: &str,
    params: &[Value],
) -> Result<Vec<tokio_postgres::Row>, tokio_postgres::Error> {
    let sql = sql::rewritten(sql);
    let typed = params.iter().map(|value| (value, value.type_of()));
    let rows = connection.client.query_typed_raw(&sql, typed).await?;
    pin_mut!(rows);
    rows.try_collect().await
}

/// Counts a read for as long as it is under way.
struct Reading<'a>(&'a AtomicUsize);

impl<'a> Reading<'a> {
    fn begin(readers: &'a AtomicUsize) -> Self {
        readers.fetch_add(1, Ordering::Relaxed);
        Self(readers)
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A long read; when it is dropped before its end, the server is told.
struct Scan(Option<Lease>);

impl Scan {
    fn end(&mut self) {
        self.0 = None;
    }
}

impl Drop for Scan {
    fn drop(&mut self) {
        if let Some(lease) = &mut self.0 {
            lease.cancel();
        }
    }
}
