//! Databases that are files: the embedded profile.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::CONTEXTS;

/// Read-only connections to every context's database.
pub(super) struct Files(BTreeMap<&'static str, Connection>);

impl Files {
    /// The databases in the data folder `data`.
    pub(super) fn open(data: &Path) -> Self {
        let open = |name| {
            let path = data.join(format!("{name}.db"));
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags).unwrap();
            connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
            (name, connection)
        };
        Self(CONTEXTS.into_iter().map(open).collect())
    }

    pub(super) fn rows(&self, context: &str, sql: &str, params: &[&str]) -> Vec<Vec<String>> {
        let mut statement = self.0[context].prepare(sql).unwrap();
        let columns = statement.column_count();
        statement
            .query_map(params_from_iter(params), |row| {
                (0..columns).map(|index| row.get_ref(index).map(text_of)).collect()
            })
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    }

    /// Grows with every commit of the program, in whichever database.
    pub(super) fn changes(&self) -> i64 {
        let version = |connection: &Connection| {
            connection.query_row("pragma data_version", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        self.0.values().map(version).sum()
    }
}

fn text_of(value: ValueRef<'_>) -> String {
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
