//! A look into the exchange's databases from outside, read-only, while it runs or after it was
//! killed.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, params_from_iter};

/// The contexts that send events.
const SENDERS: [&str; 4] = ["tickets", "orders", "payments", "expiration"];

/// Payments that have something to be done: the money is neither taken nor let go.
const UNSETTLED: &str = "select count(*) from payments where status in ('pending', 'authorized')";

/// Read-only connections to every context's database.
pub struct Databases {
    connections: BTreeMap<&'static str, Connection>,
    /// What the databases' change counters were when they were last seen at rest.
    seen_at_rest: Cell<Option<i64>>,
}

impl Databases {
    /// The databases in the data folder `data`.
    #[must_use]
    pub fn open(data: &Path) -> Self {
        let names = ["auth", "tickets", "orders", "payments", "expiration", "card-sandbox"];
        let open = |name| {
            let path = data.join(format!("{name}.db"));
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags).unwrap();
            connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
            (name, connection)
        };
        Self { connections: names.into_iter().map(open).collect(), seen_at_rest: Cell::new(None) }
    }

    /// The rows of `sql` in the database of `context`; ids as text with hyphens.
    #[must_use]
    pub fn rows(&self, context: &str, sql: &str) -> Vec<Vec<String>> {
        self.rows_with(context, sql, &[])
    }

    /// As [`Self::rows`], with text parameters.
    #[must_use]
    pub fn rows_with(&self, context: &str, sql: &str, params: &[&str]) -> Vec<Vec<String>> {
        let mut statement = self.connections[context].prepare(sql).unwrap();
        let columns = statement.column_count();
        statement
            .query_map(params_from_iter(params), |row| {
                (0..columns).map(|index| row.get_ref(index).map(text_of)).collect()
            })
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    }

    /// The single number that `sql` answers.
    #[must_use]
    pub fn number(&self, context: &str, sql: &str) -> i64 {
        self.connections[context].query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Whether every event is delivered and every payment settled, at one moment: all counts were
    /// zero twice, with no commit anywhere between.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        let changes = self.changes();
        if self.rest().values().any(|count| *count > 0) {
            self.seen_at_rest.set(None);
            return false;
        }
        self.seen_at_rest.replace(Some(changes)) == Some(changes)
    }

    /// What is still to be done, by context.
    #[must_use]
    pub fn rest(&self) -> Rest {
        let unsent = |name: &&'static str| {
            ((*name).to_owned() + " unsent", self.number(name, "select count(*) from outbox"))
        };
        let mut rest: BTreeMap<_, _> = SENDERS.iter().map(unsent).collect();
        rest.insert("payments unsettled".to_owned(), self.number("payments", UNSETTLED));
        Rest(rest)
    }

    /// Events that could not be handled, with their reasons.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<String> {
        let letters = |name: &&str| self.rows(name, "select reason, envelope from dead_letters");
        SENDERS.iter().flat_map(letters).map(|row| row.join(": ")).collect()
    }

    /// Grows with every commit of the program, in whichever database.
    fn changes(&self) -> i64 {
        let version = |connection: &Connection| {
            connection.query_row("pragma data_version", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        self.connections.values().map(version).sum()
    }
}

/// Counts of what is still to be done.
pub struct Rest(BTreeMap<String, i64>);

impl Rest {
    fn values(&self) -> impl Iterator<Item = &i64> {
        self.0.values()
    }
}

impl std::fmt::Display for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

fn text_of(value: rusqlite::types::ValueRef<'_>) -> String {
    use rusqlite::types::ValueRef;
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => uuid_text(bytes),
    }
}

fn uuid_text(bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if hex.len() == 32 {
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    } else {
        hex
    }
}
