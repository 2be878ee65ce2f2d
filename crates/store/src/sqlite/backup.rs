//! Copies of several databases as of one moment, while others write to them.
//!
//! A context's state and the events that tell of it are in one database, what follows from an
//! event is in another's, and a delivered event is deleted by its sender. Databases copied one
//! after the other could miss an event altogether: the sender was copied after the delivery, the
//! receiver before it. So the write locks of ALL databases are taken first; then nobody is
//! committing anything anywhere, and a read snapshot of each shows the same moment. With these
//! pinned, the locks go, and the copying takes its time while others write on. What the copies
//! hold together is what a power failure at that moment would have left.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kernel::{Clock, Timestamp};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::connect::{ConstraintNames, from_sqlite};
use crate::StoreError;

/// How long it may take to get all locks; less than a writer waits for one of them.
const LOCKING_MAX: Duration = Duration::from_secs(2);

/// How often that is tried.
const ATTEMPTS_MAX: u32 = 5;

/// How often it is looked whether a lock is free. SQLite has no queue for it, and a busy writer
/// leaves it free for moments only.
const LOOK_EVERY: Duration = Duration::from_micros(100);

/// Pages copied in one step.
const PAGES: i32 = 4096;

/// Read snapshots of several databases, all of one moment.
pub struct Snapshots {
    /// One for each database, in the order they were asked for.
    pub databases: Vec<Snapshot>,
    /// The moment: when nobody could write.
    pub taken_at: Timestamp,
    /// For how long nobody could write.
    pub paused: Duration,
}

/// One database as it was at the moment of the snapshot.
pub struct Snapshot {
    file: PathBuf,
    /// In a read transaction.
    pinned: Connection,
}

/// Pins all of `files`, which must be databases, as they are at one moment, which is read from
/// `clock`. Who writes to them meanwhile waits for a few milliseconds.
///
/// # Errors
/// [`StoreError::Unavailable`] when a file can't be opened, or its lock isn't to be had.
pub fn snapshot(files: &[PathBuf], clock: &dyn Clock) -> Result<Snapshots, StoreError> {
    let mut last = StoreError::closed();
    for _ in 0..ATTEMPTS_MAX {
        match try_snapshot(files, clock) {
            Err(error @ StoreError::Unavailable { .. }) => last = error,
            done => return done,
        }
    }
    Err(last)
}

fn try_snapshot(files: &[PathBuf], clock: &dyn Clock) -> Result<Snapshots, StoreError> {
    let fail = |error: rusqlite::Error| from_sqlite(&error, &ConstraintNames::new());
    let mut locks = files.iter().map(|file| open(file)).collect::<Result<Vec<_>, _>>()?;
    let readers = files.iter().map(|file| open(file)).collect::<Result<Vec<_>, _>>()?;
    let deadline = Instant::now() + LOCKING_MAX;
    let mut first_lock = None;
    for lock in &mut locks {
        lock.busy_handler(Some(move |_| wait_until(deadline))).map_err(fail)?;
        lock.execute_batch("begin immediate").map_err(fail)?;
        first_lock.get_or_insert_with(Instant::now);
    }
    let taken_at = clock.now();
    for reader in &readers {
        // a read transaction begins with its first read
        reader.execute_batch("begin").and_then(|()| touch(reader)).map_err(fail)?;
    }
    for lock in &locks {
        lock.execute_batch("rollback").map_err(fail)?;
    }
    let paused = first_lock.map_or(Duration::ZERO, |since| since.elapsed());
    let pin = |(file, pinned): (&PathBuf, _)| Snapshot { file: file.clone(), pinned };
    let databases = files.iter().zip(readers).map(pin).collect();
    Ok(Snapshots { databases, taken_at, paused })
}

/// Whether it is worth looking again whether the lock is free.
#[expect(clippy::disallowed_methods, reason = "SQLite's locks can only be polled")]
fn wait_until(deadline: Instant) -> bool {
    std::thread::sleep(LOOK_EVERY);
    Instant::now() < deadline
}

/// A connection that has read its schema, so that it is quick from here on.
fn open(file: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connect = || {
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(LOCKING_MAX)?;
        touch(&connection)?;
        Ok(connection)
    };
    connect().map_err(|error| from_sqlite(&error, &ConstraintNames::new()))
}

fn touch(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("select count(*) from sqlite_schema", [], |_| Ok(()))
}

impl Snapshot {
    /// Whose snapshot it is.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Copies it to `target`, an empty file, and makes sure that the copy is sound and stays.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it can't be written; [`StoreError::Failed`] when the
    /// database is damaged.
    pub fn copy_to(&self, target: &Path) -> Result<(), StoreError> {
        let fail = |error: rusqlite::Error| from_sqlite(&error, &ConstraintNames::new());
        let mut copy = Connection::open(target).map_err(fail)?;
        let backup = Backup::new(&self.pinned, &mut copy).map_err(fail)?;
        // bounded: by the pages of the database, which the pinned snapshot keeps as they are
        loop {
            match backup.step(PAGES).map_err(fail)? {
                StepResult::Done => break,
                StepResult::More => {}
                other => {
                    let reason = format!("{} can't be copied: {other:?}", self.file.display());
                    return Err(StoreError::Unavailable { reason });
                }
            }
        }
        drop(backup);
        copy.close().map_err(|(_, error)| fail(error))?;
        check_integrity(target)
    }
}

/// Reads the whole database at `file`, and checks that every row is in its indexes and every
/// reference leads somewhere.
///
/// # Errors
/// [`StoreError::Failed`] when it is damaged, [`StoreError::Unavailable`] when it can't be read.
pub fn check_integrity(file: &Path) -> Result<(), StoreError> {
    let connection = open(file)?;
    let check = |pragma: &str| -> rusqlite::Result<Option<String>> {
        let mut statement = connection.prepare(pragma)?;
        let mut rows = statement.query([])?;
        rows.next()?.map(|row| row.get(0)).transpose()
    };
    let fail = |error: rusqlite::Error| from_sqlite(&error, &ConstraintNames::new());
    let damaged = |what: String| {
        Err(StoreError::Failed { reason: format!("{} is damaged: {what}", file.display()) })
    };
    match check("pragma integrity_check(1)").map_err(fail)? {
        Some(verdict) if verdict == "ok" => {}
        verdict => return damaged(verdict.unwrap_or_default()),
    }
    match check("pragma foreign_key_check").map_err(fail)? {
        None => Ok(()),
        Some(table) => damaged(format!("a row of {table} refers to nothing")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use kernel::SystemClock;

    use super::*;

    /// Tries to write to all of these while it is read.
    struct Intruder(Vec<PathBuf>);

    impl Clock for Intruder {
        fn now(&self) -> Timestamp {
            for file in &self.0 {
                let connection = Connection::open(file).unwrap();
                connection.busy_timeout(Duration::ZERO).unwrap();
                connection.execute("insert into n values (1)", []).unwrap_err();
            }
            Timestamp::from_micros(7)
        }
    }

    #[test]
    fn the_moment_is_one_in_which_nobody_can_write() {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<_> = ["a.db", "b.db"].map(|name| folder.path().join(name)).into();
        let writers: Vec<_> = files.iter().map(|file| database(file)).collect();
        let snapshots = snapshot(&files, &Intruder(files.clone())).unwrap();
        assert_eq!(snapshots.taken_at, Timestamp::from_micros(7));
        for writer in &writers {
            writer.execute("insert into n values (1)", []).unwrap();
        }
    }

    fn database(path: &Path) -> Connection {
        let connection = Connection::open(path).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        connection
            .execute_batch("pragma journal_mode = wal; create table if not exists n (n integer)")
            .unwrap();
        connection
    }

    fn count(path: &Path) -> i64 {
        let sql = "select count(*) from n";
        Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Somebody writes to the first database, then to the second, then to the third, as quickly
    /// as possible: a moment shows each as long as the one before it, or one row shorter.
    #[test]
    fn all_snapshots_show_one_moment() {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<_> = ["c.db", "a.db", "b.db"].map(|name| folder.path().join(name)).into();
        let writers: Vec<_> = files.iter().map(|file| database(file)).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let writing = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                for writer in &writers {
                    writer.execute("insert into n values (1)", []).unwrap();
                }
            }
        });
        let mut seen = Vec::new();
        for round in 0..20 {
            let snapshots = snapshot(&files, &SystemClock).unwrap();
            let copies: Vec<_> = snapshots
                .databases
                .iter()
                .enumerate()
                .map(|(index, database)| {
                    let copy = folder.path().join(format!("copy-{round}-{index}.db"));
                    database.copy_to(&copy).unwrap();
                    count(&copy)
                })
                .collect();
            let (first, last) = (copies[0], copies[2]);
            assert!(copies.is_sorted_by(|a, b| a >= b) && first - last <= 1, "{copies:?}");
            seen.push(first);
        }
        stop.store(true, Ordering::Relaxed);
        writing.join().unwrap();
        assert!(seen.first() < seen.last(), "nothing was written meanwhile: {seen:?}");
    }

    #[test]
    fn a_snapshot_that_can_t_be_had_leaves_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let (there, missing) = (folder.path().join("a.db"), folder.path().join("b.db"));
        let writer = database(&there);
        assert!(snapshot(&[there, missing], &SystemClock).is_err());
        writer.busy_timeout(Duration::ZERO).unwrap();
        writer.execute("insert into n values (1)", []).unwrap();
    }

    #[test]
    fn damage_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        let writer = database(&file);
        writer.execute_batch("create index by_n on n (n); insert into n values (1)").unwrap();
        writer.close().unwrap();
        check_integrity(&file).unwrap();
        let mut bytes = std::fs::read(&file).unwrap();
        let page = bytes.len() - 4096;
        bytes[page..].fill(7);
        std::fs::write(&file, bytes).unwrap();
        assert!(matches!(check_integrity(&file), Err(StoreError::Failed { .. })));
    }
}
