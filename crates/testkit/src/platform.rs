//! The real program, started for a test and stopped after it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::{Databases, Person};

/// How long the exchange may take to come to rest.
const DRAIN_PATIENCE: Duration = Duration::from_secs(60);

/// How often a test looks whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How the program is started, where that is not the usual way.
#[derive(Debug, Clone, Default)]
pub struct Launch {
    /// What starts it, such as `setpriv --…`: it is given the program and its arguments.
    pub by: Vec<String>,
    /// Where its data is; a folder of its own otherwise.
    pub data: Option<PathBuf>,
}

/// A running exchange with a folder of its own.
pub struct TestPlatform {
    binary: &'static str,
    launch: Launch,
    settings: Vec<(String, String)>,
    folder: tempfile::TempDir,
    process: Option<Child>,
    url: String,
    client: reqwest::Client,
    people: AtomicU32,
}

impl TestPlatform {
    /// Starts `binary` (`env!("CARGO_BIN_EXE_ticketing")`) on a free port with a fresh folder and
    /// these settings, given as environment variables.
    #[must_use]
    pub fn start(binary: &'static str, settings: &[(&str, &str)]) -> Self {
        Self::launch(binary, settings, Launch::default())
    }

    /// As [`Self::start`], in an unusual way.
    #[must_use]
    pub fn launch(binary: &'static str, settings: &[(&str, &str)], launch: Launch) -> Self {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let mut platform = Self {
            binary,
            launch,
            settings: settings.collect(),
            folder: tempfile::tempdir().unwrap(),
            process: None,
            url: String::new(),
            client: reqwest::Client::builder()
                .no_proxy()
                .timeout(Duration::from_secs(60))
                .build()
                .unwrap(),
            people: AtomicU32::new(0),
        };
        platform.restart();
        platform
    }

    /// Starts the program anew on the same folder, killing it first if it runs.
    pub fn restart(&mut self) {
        self.kill();
        let log = File::options().create(true).append(true).open(self.log_path()).unwrap();
        let mut words = self.launch.by.iter().map(String::as_str).chain([self.binary]);
        let mut command = Command::new(words.next().expect("the program is the last word"));
        command
            .args(words)
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(self.data())
            .current_dir(self.folder.path())
            .env_clear()
            .env("RUST_LOG", "info")
            .env("RUST_BACKTRACE", "1")
            // cheap hashes: the tests are not about the strength of passwords
            .env("PASSWORD_HASH_MEMORY_KIB", "8")
            .env("PASSWORD_HASH_ITERATIONS", "1")
            // all people here have one address, and do more than people do
            .env("RATE_LIMIT_ENABLED", "false")
            .env("CONNECTIONS_PER_ADDRESS_MAX", "16384")
            .envs(self.settings.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        let mut process = command.spawn().unwrap();
        let greeting = BufReader::new(process.stdout.take().unwrap());
        let address = greeting.lines().map_while(Result::ok).find_map(|line| {
            line.trim().strip_prefix("Address").map(|address| address.trim().to_owned())
        });
        self.process = Some(process);
        self.url = address.unwrap_or_else(|| panic!("it didn't start:\n{}", self.log()));
    }

    /// `kill -9`: no goodbye, no flush.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Asks the program to stop, and answers whether it ended well.
    pub fn stop(&mut self) -> bool {
        let mut process = self.process.take().expect("it runs");
        let pid = process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        process.wait().unwrap().success()
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.launch.data.clone().unwrap_or_else(|| self.folder.path().join("data"))
    }

    /// The process, for those who look at it from outside.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("it runs").id()
    }

    /// A view into its databases.
    #[must_use]
    pub fn databases(&self) -> Databases {
        Databases::open(&self.data())
    }

    /// What it has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
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
            pause(LOOK_EVERY).await;
        }
    }

    /// Lets time pass: for what the clock alone brings about.
    pub async fn pass(&self, time: Duration) {
        pause(time).await;
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log.txt")
    }

    /// What must hold when a test is over.
    fn check_rest(&mut self) {
        let databases = self.databases();
        let deadline = Instant::now() + DRAIN_PATIENCE;
        while !databases.is_at_rest() && Instant::now() < deadline {
            std::thread::yield_now();
        }
        let (rest, log) = (databases.rest(), self.log());
        assert!(databases.is_at_rest(), "left unsent or unsettled: {rest}\n{log}");
        assert_eq!(databases.dead_letters(), Vec::<String>::new(), "dead letters\n{log}");
        assert!(self.stop(), "it didn't stop well\n{}", self.log());
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place in the tests where time passes")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

impl Drop for TestPlatform {
    fn drop(&mut self) {
        if self.process.is_some() && !std::thread::panicking() {
            self.check_rest();
        }
        if let Some(mut process) = self.process.take() {
            // a failing test: nothing more to learn from how the program ends
            let _ended = process.kill().and_then(|()| process.wait());
            eprintln!("log of the program:\n{}", self.log());
        }
    }
}
