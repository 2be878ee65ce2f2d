//! The real program, started for a test and stopped after it: as one process, or as many.

mod program;
mod services;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use cluster::{Backends, Cluster};
use program::Program;
use services::Services;

use crate::{Databases, Person, person};

/// How long the exchange may take to come to rest.
const DRAIN_PATIENCE: Duration = Duration::from_secs(60);

/// How often a test looks whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The variable that says on which profile tests run that may run on both: `embedded`, which is
/// usual, or `distributed`.
const PROFILE: &str = "TICKETING_TEST_PROFILE";

/// The variable that names the program that such tests run on many processes, where it isn't the
/// one that was built with them: an optimized one, for instance.
const PROGRAM: &str = "TICKETING_TEST_PROGRAM";

/// What every test's program is told; its own settings win.
const SETTINGS: &[(&str, &str)] = &[
    ("RUST_LOG", "info"),
    ("RUST_BACKTRACE", "1"),
    // cheap hashes: the tests are not about the strength of passwords
    ("PASSWORD_HASH_MEMORY_KIB", "8"),
    ("PASSWORD_HASH_ITERATIONS", "1"),
    // all people here have one address, and do more than people do
    ("RATE_LIMIT_ENABLED", "false"),
    ("CONNECTIONS_PER_ADDRESS_MAX", "16384"),
];

/// Environment variables.
type Settings = Vec<(String, String)>;

/// How the program is started, where that is not the usual way.
#[derive(Debug, Clone, Default)]
pub struct Launch {
    /// What starts it, such as `setpriv --…`: it is given the program and its arguments.
    pub by: Vec<String>,
    /// Where its data is; a folder of its own otherwise.
    pub data: Option<PathBuf>,
}

/// How the exchange runs: what differs between the profiles.
trait Exchange: Send + Sync {
    /// Starts it, on what it has kept.
    fn start(&mut self);
    fn kill(&mut self);
    fn stop(&mut self) -> bool;
    fn is_running(&self) -> bool;
    fn url(&self) -> String;
    fn data(&self) -> PathBuf;
    /// The process, if it is one.
    fn pid(&self) -> Option<u32>;
    /// Its processes, if they are many.
    fn cluster(&self) -> Option<&Cluster>;
    fn databases(&self) -> Databases;
    fn log(&self) -> String;
}

/// A running exchange with all it has for itself.
pub struct TestPlatform {
    exchange: Box<dyn Exchange>,
    url: String,
    client: reqwest::Client,
    people: AtomicU32,
}

impl TestPlatform {
    /// Starts `binary` (`env!("CARGO_BIN_EXE_ticketing")`) as one process on a free port with a
    /// fresh folder and these settings, given as environment variables.
    #[must_use]
    pub fn start(binary: &'static str, settings: &[(&str, &str)]) -> Self {
        Self::launch(binary, settings, Launch::default())
    }

    /// As [`Self::start`], in an unusual way.
    #[must_use]
    pub fn launch(binary: &'static str, settings: &[(&str, &str)], launch: Launch) -> Self {
        let mut program = Program::new(binary, owned(settings), launch);
        program.start();
        Self::of(Box::new(program))
    }

    /// Starts `binary` on the profile that this run of the tests is about: as one process, or as
    /// two of each service behind nginx (there `TICKETING_TEST_PROGRAM` may name another program).
    ///
    /// # Panics
    /// When `TICKETING_TEST_PROFILE` names no profile.
    #[must_use]
    pub fn on_profile(binary: &'static str, settings: &[(&str, &str)]) -> Self {
        match std::env::var(PROFILE).as_deref() {
            Err(_) | Ok("" | "embedded") => Self::start(binary, settings),
            Ok("distributed") => {
                let named = std::env::var(PROGRAM).ok().filter(|program| !program.is_empty());
                let binary = named.map_or(binary, |program| program.leak());
                let services = Services::start(binary, owned(settings), services::backends());
                Self::of(Box::new(services))
            }
            Ok(other) => panic!("{PROFILE} is `{other}`, neither `embedded` nor `distributed`"),
        }
    }

    /// Starts `binary` as two of each service behind nginx, on servers that the test may stop.
    #[must_use]
    pub fn on_servers(binary: &'static str, settings: &[(&str, &str)], backends: Backends) -> Self {
        let services = Services::start(binary, owned(settings), backends);
        services.expect_faults();
        Self::of(Box::new(services))
    }

    fn of(exchange: Box<dyn Exchange>) -> Self {
        let (url, client) = (exchange.url(), person::client());
        Self { exchange, url, client, people: AtomicU32::new(0) }
    }

    /// Starts the program anew on what it has kept, killing it first if it runs.
    pub fn restart(&mut self) {
        self.kill();
        self.exchange.start();
        self.url = self.exchange.url();
        self.client = person::client();
    }

    /// `kill -9`: no goodbye, no flush.
    pub fn kill(&mut self) {
        self.exchange.kill();
    }

    /// Asks the program to stop, and answers whether it ended well.
    pub fn stop(&mut self) -> bool {
        self.exchange.stop()
    }

    /// Where it is reached.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its data folder; of many processes, the folder that holds all that isn't on a server.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.exchange.data()
    }

    /// The process, for those who look at it from outside.
    ///
    /// # Panics
    /// When it doesn't run as one.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.exchange.pid().expect("it runs, as one process")
    }

    /// The processes.
    ///
    /// # Panics
    /// When it runs as one.
    #[must_use]
    pub fn cluster(&self) -> &Cluster {
        self.exchange.cluster().expect("it runs as many processes")
    }

    /// Whether nginx stands in front of it: what can't be read as a request is refused by that one
    /// then, in its own words.
    #[must_use]
    pub fn is_behind_nginx(&self) -> bool {
        self.exchange.cluster().is_some()
    }

    /// A view into its databases.
    #[must_use]
    pub fn databases(&self) -> Databases {
        self.exchange.databases()
    }

    /// What it has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.exchange.log()
    }

    /// Somebody new, signed up and signed in.
    pub async fn person(&self) -> Person {
        let number = self.people.fetch_add(1, Ordering::Relaxed);
        let email = format!("person-{}-{number}@example.test", std::process::id());
        Person::sign_up(self.client.clone(), &self.url, &email).await
    }

    /// Somebody who isn't signed in.
    #[must_use]
    pub fn anonymous(&self) -> Person {
        Person::anonymous(self.client.clone(), &self.url)
    }

    /// Waits until every event is delivered and every payment is at rest.
    ///
    /// # Panics
    /// When that takes longer than a minute.
    pub async fn drain(&self) {
        let databases = self.databases();
        let reached = self.reaches(|| databases.is_at_rest()).await;
        assert!(reached, "the exchange doesn't come to rest: {}\n{}", databases.rest(), self.log());
    }

    /// Waits until `condition` holds; whether it did within a minute.
    pub async fn reaches(&self, mut condition: impl FnMut() -> bool) -> bool {
        let deadline = Instant::now() + DRAIN_PATIENCE;
        // bounded: by DRAIN_PATIENCE
        loop {
            if condition() {
                return true;
            }
            if Instant::now() > deadline {
                return false;
            }
            pass(LOOK_EVERY).await;
        }
    }

    /// Lets time pass: for what the clock alone brings about.
    pub async fn pass(&self, time: Duration) {
        pass(time).await;
    }

    /// What must hold when a test is over.
    fn check_rest(&mut self) {
        let databases = self.databases();
        let deadline = Instant::now() + DRAIN_PATIENCE;
        // bounded: by DRAIN_PATIENCE
        while !databases.is_at_rest() {
            let (is_late, rest) = (Instant::now() > deadline, databases.rest());
            assert!(!is_late, "left unsent or unsettled: {rest}\n{}", self.log());
            std::thread::yield_now();
        }
        let log = self.log();
        assert_eq!(databases.dead_letters(), Vec::<String>::new(), "dead letters\n{log}");
        assert!(self.stop(), "it didn't stop well\n{}", self.log());
    }
}

/// Lets time pass: for what the clock alone brings about, and for people who try again later.
#[expect(clippy::disallowed_methods, reason = "the one place in the tests where time passes")]
pub async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

impl Drop for TestPlatform {
    fn drop(&mut self) {
        if self.exchange.is_running() && !std::thread::panicking() {
            self.check_rest();
        }
        if self.exchange.is_running() {
            // a failing test: nothing more to learn from how the program ends
            self.exchange.kill();
            eprintln!("log of the program:\n{}", self.log());
        }
    }
}

fn owned(settings: &[(&str, &str)]) -> Settings {
    settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
