//! Reads: a bounded pool of read-only connections.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{CachedStatement, Connection, InterruptHandle, params_from_iter};
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
    free: Arc<Semaphore>,
    scans: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(address: Address) -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        let (free, scans) = (semaphore(CONNECTIONS), semaphore(SCANS));
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
        let rows =
            self.with_connection(|connection| fetch(connection.prepare_cached(&sql)?, params));
        rows.map_err(|error| from_sqlite(&error, &HashMap::new()))
    }

    /// A long read, on a thread where blocking harms nobody. When the caller goes away, it is
    /// interrupted; its place is free only once it has ended.
    pub(crate) async fn scan(
        self: Arc<Self>,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let closed = |_| StoreError::closed();
        let scan = Arc::clone(&self.scans).acquire_owned().await.map_err(closed)?;
        let turn = Arc::clone(&self.free).acquire_owned().await.map_err(closed)?;
        let reading = Arc::new(Reading::default());
        let _caller = Caller(Arc::clone(&reading));
        let read = move || {
            let _places = (scan, turn);
            self.with_connection(|connection| {
                let statement = connection.prepare_cached(&sql)?;
                reading.begin(connection)?;
                let rows = fetch(statement, params);
                reading.end();
                rows
            })
        };
        tokio::task::spawn_blocking(read)
            .await
            .map_err(|error| StoreError::Unavailable { reason: error.to_string() })?
            .map_err(|error| from_sqlite(&error, &HashMap::new()))
    }

    fn with_connection<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let idle = lock(&self.idle).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => readable(&self.address)?,
        };
        let read = read(&connection);
        lock(&self.idle).push(connection);
        read
    }
}

fn fetch(mut statement: CachedStatement<'_>, params: Vec<Value>) -> rusqlite::Result<Vec<Row>> {
    let columns = statement.column_count();
    statement
        .query_map(params_from_iter(params), |row| {
            (0..columns).map(|index| row.get(index)).collect::<Result<_, _>>().map(Row)
        })?
        .collect()
}

/// A long read, as its caller knows it. It can be interrupted only between its beginning and its
/// end, while its connection is nobody else's.
#[derive(Default)]
struct Reading(Mutex<Progress>);

#[derive(Default)]
enum Progress {
    /// It hasn't begun, or has ended.
    #[default]
    Resting,
    UnderWay(InterruptHandle),
    /// Its caller is gone.
    Unwanted,
}

impl Reading {
    /// Says that it is about to read from `connection`; an error when nobody waits for it.
    fn begin(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut progress = lock(&self.0);
        if matches!(*progress, Progress::Unwanted) {
            let interrupted = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_INTERRUPT);
            return Err(rusqlite::Error::SqliteFailure(interrupted, None));
        }
        *progress = Progress::UnderWay(connection.get_interrupt_handle());
        Ok(())
    }

    /// Says that its connection may be somebody else's from here on. An interruption that came too
    /// late for it is over: SQLite forgets it when the next statement begins.
    fn end(&self) {
        *lock(&self.0) = Progress::Resting;
    }
}

/// Who waits for a long read; dropped with the future, whether it is done or given up.
struct Caller(Arc<Reading>);

impl Drop for Caller {
    fn drop(&mut self) {
        // held until it is interrupted, so that it doesn't end meanwhile
        let mut progress = lock(&self.0.0);
        if let Progress::UnderWay(handle) = &*progress {
            handle.interrupt();
        }
        *progress = Progress::Unwanted;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Condvar;
    use std::time::{Duration, Instant};

    use rusqlite::functions::FunctionFlags;
    use tokio::time::timeout;

    use super::*;
    use crate::Location;

    /// Reads for as long as anybody waits for it.
    const ENDLESS: &str = "with recursive n (i) as (select 1 union all select i + 1 from n)
         select count(*) from n";
    const SHORT: &str = "with recursive n (i) as
         (select 1 union all select i + 1 from n where i < 1000) select count(*) from n";

    /// Long enough for whatever ends at all.
    const AGES: Duration = Duration::from_secs(60);

    /// Reads that can't be interrupted: they wait for the gate.
    #[derive(Default)]
    struct Gate {
        /// How many wait, the most that ever did, and whether it is open.
        state: Mutex<(usize, usize, bool)>,
        changed: Condvar,
    }

    impl Gate {
        fn pass(&self) {
            let mut state = lock(&self.state);
            state.0 += 1;
            state.1 = state.1.max(state.0);
            let mut state = self.changed.wait_while(state, |state| !state.2).unwrap();
            state.0 -= 1;
        }

        fn open(&self) {
            lock(&self.state).2 = true;
            self.changed.notify_all();
        }
    }

    fn readers() -> Arc<Readers> {
        Arc::new(Readers::new(Address::of(Location::Memory)))
    }

    /// A client that asks for something expensive and hangs up, again and again, gets no more
    /// reads under way than one that waits.
    #[tokio::test]
    async fn a_read_that_nobody_waits_for_keeps_its_place() {
        let (readers, gate) = (readers(), Arc::new(Gate::default()));
        for _ in 0..8 * SCANS {
            let (connection, gate) = (readable(&readers.address).unwrap(), Arc::clone(&gate));
            let flags = FunctionFlags::SQLITE_UTF8;
            let pass = move |_: &rusqlite::functions::Context<'_>| {
                gate.pass();
                Ok(1)
            };
            connection.create_scalar_function("pass_gate", 0, flags, pass).unwrap();
            lock(&readers.idle).push(connection);
        }
        let scan = || Arc::clone(&readers).scan("select pass_gate()".into(), vec![]);
        for _ in 0..8 {
            let asked =
                (0..SCANS).map(|_| tokio::spawn(timeout(Duration::from_millis(50), scan())));
            for hung_up in asked.collect::<Vec<_>>() {
                assert!(hung_up.await.unwrap().is_err(), "nobody can be through the gate");
            }
        }
        assert_eq!(readers.busy(), SCANS);
        readers.query(SHORT.into(), vec![]).await.unwrap();
        gate.open();
        timeout(AGES, scan()).await.unwrap().unwrap();
        assert_eq!(lock(&gate.state).1, SCANS);
    }

    #[tokio::test]
    async fn a_read_that_nobody_waits_for_is_interrupted() {
        let readers = readers();
        let scan = |sql: &'static str| Arc::clone(&readers).scan(sql.into(), vec![]);
        for _ in 0..2 {
            let asked = (0..SCANS)
                .map(|_| tokio::spawn(timeout(Duration::from_millis(100), scan(ENDLESS))));
            for hung_up in asked.collect::<Vec<_>>() {
                assert!(hung_up.await.unwrap().is_err());
            }
        }
        timeout(AGES, scan(SHORT)).await.expect("all places stay taken").unwrap();
    }

    /// Callers that go away at any moment: about the end of their read, too.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn an_interruption_hits_nobody_else() {
        let readers = readers();
        let patient = |_| {
            let readers = Arc::clone(&readers);
            tokio::spawn(async move {
                for _ in 0..300 {
                    Arc::clone(&readers).scan(SHORT.into(), vec![]).await.unwrap();
                    readers.query(SHORT.into(), vec![]).await.unwrap();
                }
            })
        };
        let patient: Vec<_> = (0..3).map(patient).collect();
        let (mut given_up, mut patience) = (0, Duration::ZERO);
        for _ in 0..600 {
            let mut scan = pin!(Arc::clone(&readers).scan(SHORT.into(), vec![]));
            let asked_at = Instant::now();
            // bounded: by the patience, which is about as long as a read takes
            let rows = loop {
                tokio::select! {
                    biased;
                    rows = &mut scan => break Some(rows),
                    () = tokio::task::yield_now() => {}
                }
                if asked_at.elapsed() > patience {
                    break None;
                }
            };
            if let Some(rows) = rows {
                rows.unwrap();
                patience = patience.mul_f64(0.9);
            } else {
                given_up += 1;
                patience = patience.mul_f64(1.1) + Duration::from_micros(1);
            }
        }
        for reader in patient {
            reader.await.unwrap();
        }
        assert!(given_up > 50, "{given_up}");
    }
}
