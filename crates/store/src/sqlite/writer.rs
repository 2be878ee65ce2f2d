//! Writes: one thread takes every batch that is waiting, commits them all with ONE fsync, and only
//! then answers each.
//!
//! A batch that is refused never harms its neighbours: the group is undone, and run once more with
//! a savepoint for each batch. Savepoints copy every page that a batch touches, so groups in which
//! all is well, nearly all of them, do without. When the commit itself fails, nobody's batch was
//! applied, and everybody is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, params_from_iter};
use telemetry::Repeated;
use tokio::sync::{mpsc, oneshot};

use super::connect::{ConstraintNames, from_sqlite};
use crate::meter::Meter;
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
    let results = run_group(connection, names, group);
    can_write.store(results.is_ok(), Ordering::Relaxed);
    if let Ok(results) = &results {
        meter.committed(started.elapsed(), results);
        say_over(connection, outage);
    }
    results.unwrap_or_else(|error| {
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

/// What became of each batch; an error when nothing was committed.
type Results = Result<Vec<Result<(), StoreError>>, StoreError>;

fn run_group(connection: &Connection, names: &ConstraintNames, group: &[Job]) -> Results {
    execute(connection, "begin immediate")?;
    let refused = group.iter().find_map(|job| run_batch(connection, names, &job.batch).err());
    match refused {
        None => {
            execute(connection, "commit")?;
            Ok(group.iter().map(|_| Ok(())).collect())
        }
        Some(error) if error.is_passing() || connection.is_autocommit() => Err(error),
        Some(error) => {
            execute(connection, "rollback")?;
            match group {
                [_alone] => Ok(vec![Err(error)]),
                _ => run_one_by_one(connection, names, group),
            }
        }
    }
}

/// One that is refused is undone alone.
fn run_one_by_one(connection: &Connection, names: &ConstraintNames, group: &[Job]) -> Results {
    execute(connection, "begin immediate")?;
    let results = group
        .iter()
        .map(|job| run_in_savepoint(connection, names, &job.batch))
        .collect::<Result<Vec<_>, _>>()?;
    execute(connection, "commit")?;
    Ok(results)
}

/// The inner result is the batch's own; the outer error ends the whole group, because the engine
/// can't write or has ended the transaction with everybody's work in it.
fn run_in_savepoint(
    connection: &Connection,
    names: &ConstraintNames,
    batch: &[Statement],
) -> Result<Result<(), StoreError>, StoreError> {
    execute(connection, "savepoint batch")?;
    let result = run_batch(connection, names, batch);
    if let Err(error) = &result {
        if error.is_passing() || connection.is_autocommit() {
            return Err(error.clone());
        }
        execute(connection, "rollback to batch")?;
    }
    execute(connection, "release batch")?;
    Ok(result)
}

fn run_batch(
    connection: &Connection,
    names: &ConstraintNames,
    batch: &[Statement],
) -> Result<(), StoreError> {
    batch.iter().try_for_each(|statement| run_one(connection, names, statement))
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

    fn writer_of(file: &str, schema: &str) -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        let connection = writable(&Address::of(Location::File(&path))).unwrap();
        connection.execute_batch(schema).unwrap();
        (folder, connection)
    }

    fn job(batch: Vec<Statement>) -> Job {
        Job { batch, reply: oneshot::channel().0 }
    }

    /// Alone or among others, at the beginning or the end: who is refused leaves nothing behind,
    /// and takes nobody along.
    #[test]
    fn a_refused_batch_is_undone_alone() {
        let (_folder, connection) = writer_of("group.db", "create table notes (id int unique)");
        let names = ConstraintNames::new();
        let insert = |id: i64| Statement::new("insert into notes (id) values (?1)", params![id]);
        let twice = |id| job(vec![insert(id + 1000), insert(id), insert(id)]);
        let once = |id| job(vec![insert(id)]);
        let groups = [
            vec![twice(1)],
            vec![twice(2), once(3)],
            vec![once(4), twice(5), once(6), twice(7)],
            vec![once(8), once(9)],
            vec![once(9), once(10)],
        ];
        let stood: Vec<Vec<bool>> = groups
            .iter()
            .map(|group| {
                let results = run_group(&connection, &names, group).unwrap();
                results.iter().map(Result::is_ok).collect()
            })
            .collect();
        let expected = [
            vec![false],
            vec![false, true],
            vec![true, false, true, false],
            vec![true, true],
            vec![false, true],
        ];
        assert_eq!(stood, expected);
        let read = "select group_concat(id) from (select id from notes order by id)";
        let left: String = connection.query_row(read, [], |row| row.get(0)).unwrap();
        assert_eq!(left, "3,4,6,8,9,10");
        assert!(connection.is_autocommit());
    }

    /// A group that can't be written is nobody's; once there is room again, writes go on.
    #[tokio::test]
    async fn a_full_database_refuses_whole_groups_and_recovers() {
        let (_folder, connection) = writer_of("full.db", "create table notes (body text)");
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
