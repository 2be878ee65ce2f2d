//! A look into the exchange's databases from outside, while it runs or after it was killed.

mod files;
mod server;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use files::Files;
pub(crate) use server::Server;

/// Whoever has a database.
const CONTEXTS: [&str; 6] = ["auth", "tickets", "orders", "payments", "expiration", "card-sandbox"];

/// The contexts that send events, and hear of others'.
const SENDERS: [&str; 4] = ["tickets", "orders", "payments", "expiration"];

/// Payments that have something to be done: the money is neither taken nor let go.
const UNSETTLED: &str = "select count(*) from payments where status in ('pending', 'authorized')";

/// A view into every context's database. The SQL is what both engines understand.
pub struct Databases {
    place: Place,
    /// What the databases' change counters were when they were last seen at rest.
    seen_at_rest: Cell<Option<i64>>,
}

enum Place {
    Files(Files),
    Server(Arc<Server>),
}

impl Databases {
    /// The databases in the data folder `data`.
    #[must_use]
    pub fn open(data: &Path) -> Self {
        Self { place: Place::Files(Files::open(data)), seen_at_rest: Cell::new(None) }
    }

    /// The databases on a server.
    pub(crate) const fn on(server: Arc<Server>) -> Self {
        Self { place: Place::Server(server), seen_at_rest: Cell::new(None) }
    }

    /// The rows of `sql` in the database of `context`; ids as text with hyphens.
    #[must_use]
    pub fn rows(&self, context: &str, sql: &str) -> Vec<Vec<String>> {
        self.rows_with(context, sql, &[])
    }

    /// As [`Self::rows`], with text parameters.
    #[must_use]
    pub fn rows_with(&self, context: &str, sql: &str, params: &[&str]) -> Vec<Vec<String>> {
        match &self.place {
            Place::Files(files) => files.rows(context, sql, params),
            Place::Server(server) => server.rows(context, sql, params),
        }
    }

    /// The single number that `sql` answers.
    #[must_use]
    pub fn number(&self, context: &str, sql: &str) -> i64 {
        self.rows(context, sql).concat()[0].parse().unwrap()
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
        // within one process, what is sent is handled
        if let Place::Server(server) = &self.place {
            rest.insert("sent, and not handled".to_owned(), server.unheard());
        }
        Rest(rest)
    }

    /// Events that could not be handled, with their reasons.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<String> {
        let letters = |name: &&str| self.rows(name, "select reason, envelope from dead_letters");
        SENDERS.iter().flat_map(letters).map(|row| row.join(": ")).collect()
    }

    fn changes(&self) -> i64 {
        match &self.place {
            Place::Files(files) => files.changes(),
            Place::Server(server) => server.changes(),
        }
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
