//! Databases on a real PostgreSQL server, one for each test, gone with it.

use std::path::{Path, PathBuf};

use kernel::OrderId;
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
    /// When there are no servers for tests.
    #[must_use]
    pub fn new() -> Self {
        let name = format!("test_{}", OrderId::generate().as_uuid().simple());
        Self { server: service("POSTGRES_URL"), name }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
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

    /// A connection of the test's own to it.
    ///
    /// # Panics
    /// When the server is away.
    pub async fn client(&self) -> tokio_postgres::Client {
        postgres_client(&self.url()).await
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
        run_apart(server, format!("drop database if exists {} with (force)", self.name));
    }
}

/// A connection of the test's own to any database.
///
/// # Panics
/// When the server is away.
pub async fn postgres_client(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A store for one test. On PostgreSQL it has a schema of its own in a database that all tests
/// share, which is quicker to make than a database.
pub struct TestStore {
    /// The store.
    pub store: Store,
    /// Kept for as long as the store is used; gone with this.
    pub place: TestPlace,
}

/// Where the data of a test is; gone with this.
pub struct TestPlace(Option<String>);

impl TestStore {
    /// An empty store on `engine`.
    ///
    /// # Panics
    /// When it is PostgreSQL, and there is no server.
    pub async fn on(engine: Engine, migrations: &[Migration]) -> Self {
        if engine == Engine::Sqlite {
            let store = Store::open(Location::Memory, migrations).unwrap();
            return Self { store, place: TestPlace(None) };
        }
        let schema = format!("test_{}", OrderId::generate().as_uuid().simple());
        let options = PostgresOptions::new(shared(), "test");
        // makes the database, if it isn't there
        Store::connect(options, &[]).await.unwrap();
        let client = postgres_client(&shared()).await;
        client.batch_execute(&format!("create schema {schema}")).await.unwrap();
        let mut options = PostgresOptions::new(in_schema(&schema), "test");
        options.connections_max = 8;
        let store = Store::connect(options, migrations).await.unwrap();
        Self { store, place: TestPlace(Some(schema)) }
    }
}

impl Drop for TestPlace {
    fn drop(&mut self) {
        if let Some(schema) = self.0.take() {
            run_apart(shared(), format!("drop schema {schema} cascade"));
        }
    }
}

/// The database that tests share.
fn shared() -> String {
    format!("{}/ticketing_tests", service("POSTGRES_URL").trim_end_matches('/'))
}

/// That database, where `schema` is all that is seen of it.
fn in_schema(schema: &str) -> String {
    format!("{}?options=-c%20search_path%3D{schema}", shared())
}

/// A connection of the test's own to what the [`TestStore`] has that a context is over, whose
/// `current_schema()` this is.
///
/// # Panics
/// When the server is away.
pub async fn client_beside(schema: &str) -> tokio_postgres::Client {
    postgres_client(&in_schema(schema)).await
}

/// The engine that this test program is about: PostgreSQL if it is called `postgres`. A program of
/// that name (`tests/postgres/main.rs`) has the same tests as another (`tests/it`), word for word.
///
/// # Panics
/// When the program has no name.
#[must_use]
pub fn engine() -> Engine {
    let program = std::env::current_exe().unwrap();
    let name = program.file_name().unwrap().to_string_lossy();
    if name.starts_with("postgres-") { Engine::Postgres } else { Engine::Sqlite }
}

/// Both engines: what is said of SQL must be true on each.
pub const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// Runs `sql` on a thread of its own: wherever a test ends, that can be done.
fn run_apart(url: String, sql: String) {
    let running = std::thread::spawn(move || {
        crate::runtime().block_on(async move {
            postgres_client(&url).await.batch_execute(&sql).await.unwrap();
        });
    });
    if running.join().is_err() {
        eprintln!("something of a test is left behind on the server");
    }
}
