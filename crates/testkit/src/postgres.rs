//! Databases on a real PostgreSQL server, one for each test, gone with it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use store::{Engine, Location, Migration, PostgresOptions, Store};
use tokio_postgres::NoTls;

/// What `cargo xtask services up` writes, in the build folder.
const SERVICES: &str = "services/services.env";

/// The setting `name` of the servers that tests use, such as `POSTGRES_URL`.
///
/// # Panics
/// When there are no servers.
#[must_use]
pub fn service(name: &str) -> String {
    if let Ok(value) = std::env::var(format!("TICKETING_TEST_{name}")) {
        return value;
    }
    let written = std::fs::read_to_string(build_folder().join(SERVICES)).unwrap_or_default();
    let lines = written.lines().filter_map(|line| line.split_once('='));
    let found = lines.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).next();
    found.unwrap_or_else(|| panic!("no {name}: run `cargo xtask services up` first"))
}

fn build_folder() -> PathBuf {
    let workspace = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(workspace, PathBuf::from)
}

/// An empty database of its own on the server; dropped with this.
pub struct PostgresDatabase {
    server: String,
    name: String,
}

impl Default for PostgresDatabase {
    fn default() -> Self {
        Self::new()
    }
}

impl PostgresDatabase {
    /// A name that no other test has; the database comes to be with its first store.
    ///
    /// # Panics
    /// When there is no server.
    #[must_use]
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self { server: service("POSTGRES_URL"), name: format!("test_{process}_{number}") }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        let (server, name) = (self.server.trim_end_matches('/'), &self.name);
        format!("{server}/{name}")
    }

    /// How to connect to it.
    #[must_use]
    pub fn options(&self) -> PostgresOptions {
        PostgresOptions::new(self.url(), "test")
    }

    /// A connection of the test's own to it; or to another database, if this isn't there yet.
    ///
    /// # Panics
    /// When the server is away.
    pub async fn client(&self) -> tokio_postgres::Client {
        connect(&self.url()).await
    }

    /// A store on it.
    ///
    /// # Panics
    /// When the server is away.
    pub async fn store(&self, migrations: &[Migration]) -> Store {
        Store::connect(self.options(), migrations).await.unwrap()
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let server = format!("{}/postgres", self.server.trim_end_matches('/'));
        let sql = format!("drop database if exists {} with (force)", self.name);
        let dropping = std::thread::spawn(move || {
            crate::runtime().block_on(async move {
                connect(&server).await.batch_execute(&sql).await.unwrap();
            });
        });
        if dropping.join().is_err() {
            eprintln!("the database {} is left behind", self.name);
        }
    }
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A store for one test.
pub struct TestStore {
    /// The store.
    pub store: Store,
    /// Where it is, if it isn't in memory; gone with this.
    pub database: Option<PostgresDatabase>,
}

impl TestStore {
    /// An empty store on `engine`.
    ///
    /// # Panics
    /// When it is PostgreSQL, and there is no server.
    pub async fn on(engine: Engine, migrations: &[Migration]) -> Self {
        match engine {
            Engine::Sqlite => {
                let store = Store::open(Location::Memory, migrations).unwrap();
                Self { store, database: None }
            }
            Engine::Postgres => {
                let database = PostgresDatabase::new();
                Self { store: database.store(migrations).await, database: Some(database) }
            }
        }
    }
}

/// Both engines: what is said of SQL must be true on each.
pub const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];
