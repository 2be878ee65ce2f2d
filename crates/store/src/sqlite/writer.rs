//! Writes: one thread takes every batch that is waiting, runs each in a savepoint of its own,
//! commits them all with ONE fsync, and only then answers each.
//!
//! A batch that fails is rolled back to its savepoint and never harms its neighbours. When the
//! commit itself fails, nobody's batch was applied, and everybody is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, params_from_iter};
use telemetry::Repeated;
use tokio::sync::{mpsc, oneshot};

use super::connect::{ConstraintNames, from_sqlite};
use super::meter::Meter;
use crate::{Guard, Statement, StoreError};

/// The most batches one fsync commits.
const GROUP_MAX: usize = 512;

/// The most batches that wait; beyond it callers wait to be let into the queue.
const QUEUE_MAX: usize = 4096;

/// How often the log says that nothing can be written, while that is so.
const SAY_EVERY: Duration = Duration::from_secs(60);

struct Job {
    batch: Vec<Statement>,
    reply: oneshot::Sender<Result<(), StoreError>>,
}

enum Order {
    Apply(Job),
    /// Finish what was ordered before, put everything into the database file if nobody else uses
    /// it, and end.
    Close(oneshot::Sender<()>),
}

/// Who has the database open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Users {
    /// This process.
    Us,
    /// Perhaps another process, too.
    Others,
}

pub(crate) struct Writer {
    queue: mpsc::Sender<Order>,
    can_write: Arc<AtomicBool>,
}

/// What the thread works with.
struct Desk {
    connection: Connection,
    users: Users,
    names: ConstraintNames,
    meter: Meter,
    /// Commits that fail: said once in a while.
    outage: Repeated,
    /// Whether the last commit stood.
    can_write: Arc<AtomicBool>,
}

impl Writer {
    /// Starts the thread; it ends when it is closed, or the last handle is dropped.
    pub(crate) fn start(
        connection: Connection,
        users: Users,
        names: ConstraintNames,
        meter: Meter,
    ) -> Result<Self, StoreError> {
        let (queue, orders) = mpsc::channel(QUEUE_MAX);
        let can_write = Arc::new(AtomicBool::new(true));
        let outage = Repeated::every(SAY_EVERY);
        let told = Arc::clone(&can_write);
        let desk = Desk { connection, users, names, meter, outage, can_write: told };
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(&desk, orders))
            .map_err(|error| StoreError::Unavailable { reason: error.to_string() })?;
        Ok(Self { queue, can_write })
    }

    pub(crate) async fn apply(&self, batch: Vec<Statement>) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Order::Apply(Job { batch, reply });
        self.queue.send(job).await.map_err(|_| StoreError::closed())?;
        answer.await.map_err(|_| StoreError::closed())?
    }

    /// Whether it still takes batches.
    pub(crate) fn is_open(&self) -> bool {
        !self.queue.is_closed()
    }

    /// Whether the last commit stood.
    pub(crate) fn can_write(&self) -> bool {
        self.can_write.load(Ordering::Relaxed)
    }

    pub(crate) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.queue.send(Order::Close(reply)).await.is_ok() {
            // an error means that the thread ended without an answer: it is closed all the same
            let _ended = closed.await;
        }
    }
}

fn run(desk: &Desk, mut orders: mpsc::Receiver<Order>) {
    while let Some(first) = orders.blocking_recv() {
        let (group, close) = take_group(first, &mut orders);
        let results = commit_group(desk, &group);
        for (job, result) in group.into_iter().zip(results) {
            // the caller may have gone away (a client hung up); its batch stands all the same
            let _gone = job.reply.send(result);
        }
        if let Some(reply) = close {
            // it waits for readers while it holds the write lock: not at others' expense
            if desk.users == Users::Us {
                checkpoint(&desk.connection);
            }
            // from here on whoever sends is refused; only then the answer
            drop(orders);
            let _gone = reply.send(());
            return;
        }
    }
}

/// Every batch that waits, up to the limit, or up to the order to close.
fn take_group(
    first: Order,
    orders: &mut mpsc::Receiver<Order>,
) -> (Vec<Job>, Option<oneshot::Sender<()>>) {
    let mut group = Vec::new();
    let mut next = Some(first);
    while let Some(order) = next {
        match order {
            Order::Apply(job) => group.push(job),
            Order::Close(reply) => return (group, Some(reply)),
        }
        next = if group.len() < GROUP_MAX { orders.try_recv().ok() } else { None };
    }
    (group, None)
}

/// Puts the write-ahead log into the database file, so that the file alone is the data.
fn checkpoint(connection: &Connection) {
    let done = connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()));
    if let Err(error) = done {
        tracing::warn!(%error, "Could not empty the write-ahead log; the next start does");
    }
}

/// Runs the group in one transaction; one result for each job, in order.
fn commit_group(desk: &Desk, group: &[Job]) -> Vec<Result<(), StoreError>> {
    if group.is_empty() {
        return Vec::new();
    }
    let (started, Desk { connection, names, meter, outage, can_write, .. }) =
        (Instant::now(), desk);
    let run_all = || {
        execute(connection, "begin immediate")?;
        let results = group
            .iter()
            .map(|job| run_in_savepoint(connection, names, &job.batch))
            .collect::<Result<Vec<_>, _>>()?;
        execute(connection, "commit")?;
        Ok(results)
    };
    let results = run_all();
    can_write.store(results.is_ok(), Ordering::Relaxed);
    if let Ok(results) = &results {
        meter.committed(started.elapsed(), results);
        say_over(connection, outage);
    }
    results.unwrap_or_else(|error: StoreError| {
        meter.not_committed(group.len());
        if let Some(kept_back) = outage.say() {
            let (database, len) = (connection.path(), group.len());
            tracing::error!(%error, database, group.len = len, kept_back,
                "Could not commit a group of batches; nothing of it was stored");
        }
        abandon(connection);
        group.iter().map(|_| Err(error.clone())).collect()
    })
}

fn say_over(connection: &Connection, outage: &Repeated) {
    if let Some(kept_back) = outage.over() {
        let database = connection.path();
        tracing::info!(database, kept_back, "The database can be written again");
    }
}

/// Leaves a transaction that can't be committed, if SQLite hasn't left it already.
fn abandon(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = execute(connection, "rollback")
    {
        tracing::error!(%error, "Could not roll back");
    }
}

/// The inner result is the batch's own; the outer error ends the whole group, because the engine
/// can't write or has ended the transaction with everybody's work in it.
fn run_in_savepoint(
    connection: &Connection,
    names: &ConstraintNames,
    batch: &[Statement],
) -> Result<Result<(), StoreError>, StoreError> {
    execute(connection, "savepoint batch")?;
    let result = batch.iter().try_for_each(|statement| run_one(connection, names, statement));
    if let Err(error) = &result {
        if error.is_passing() || connection.is_autocommit() {
            return Err(error.clone());
        }
        execute(connection, "rollback to batch")?;
    }
    execute(connection, "release batch")?;
    Ok(result)
}

fn run_one(
    connection: &Connection,
    names: &ConstraintNames,
    statement: &Statement,
) -> Result<(), StoreError> {
    let rows = connection
        .prepare_cached(statement.sql)
        .and_then(|mut prepared| prepared.execute(params_from_iter(&statement.params)))
        .map_err(|error| from_sqlite(&error, names))?;
    match statement.guard {
        Guard::Rows(wanted) if rows != wanted => {
            Err(StoreError::Conflict { sql: statement.sql, rows })
        }
        _ => Ok(()),
    }
}

fn execute(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut prepared| prepared.execute([]))
        .map(|_rows| ())
        .map_err(|error| from_sqlite(&error, &ConstraintNames::new()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::connect::{Address, writable};
    use crate::{Location, params};

    /// A group that can't be written is nobody's; once there is room again, writes go on.
    #[tokio::test]
    async fn a_full_database_refuses_whole_groups_and_recovers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("full.db");
        let connection = writable(&Address::of(Location::File(&path))).unwrap();
        connection.execute_batch("create table notes (body text)").unwrap();
        connection.pragma_update(None, "max_page_count", 8).unwrap();
        let writer = {
            let (names, meter) = (ConstraintNames::new(), Meter::of("full"));
            Writer::start(connection, Users::Us, names, meter).unwrap()
        };
        let large = || {
            let body = "x".repeat(20_000);
            vec![Statement::new("insert into notes (body) values (?1)", params![body])]
        };
        let small = || vec![Statement::new("insert into notes (body) values ('x')", [])];

        writer.apply(large()).await.unwrap();
        let (first, second) = tokio::join!(writer.apply(small()), writer.apply(large()));
        let error = second.unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }), "{error}");
        assert!(!writer.can_write());

        let delete = Statement::new("delete from notes", []);
        writer.apply(vec![delete]).await.unwrap();
        writer.apply(large()).await.unwrap();
        assert!(writer.can_write());
        // its neighbour either got into an earlier group or shared the fate of this one
        assert!(matches!(first, Ok(()) | Err(StoreError::Full { .. })));
    }
}
