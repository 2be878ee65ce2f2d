//! `PostgreSQL`, RabbitMQ and Redis, started for tests, on ports that no such server has by itself,
//! with all they keep in one folder.

mod ports;
mod postgres;
mod probe;
pub(crate) mod programs;
mod rabbitmq;
mod redis;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

pub use ports::Ports;
pub(crate) use postgres::psql;

use crate::process::{Place, Signal, write_whole};
use crate::{environment, wait};

/// How long a server may take until it is ready: RabbitMQ on a busy machine, after a crash.
const START_PATIENCE: Duration = Duration::from_secs(120);

/// How often a server is started whose last one hasn't let go of everything yet.
const ATTEMPTS_MAX: usize = 200;

/// What such a server says: the memory, or the name, of one that was killed a moment ago.
const STILL_HELD: &[&str] = &["pre-existing shared memory block", "already running on"];

/// One of the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// `PostgreSQL`: a database for each context.
    Postgres,
    /// RabbitMQ: the bus.
    RabbitMq,
    /// Redis: timers, rate limits, sessions.
    Redis,
}

impl Server {
    /// All of them, the quickest to start first.
    pub const ALL: [Self; 3] = [Self::Postgres, Self::Redis, Self::RabbitMq];

    /// Its name on the command line, and of its files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::RabbitMq => "rabbitmq",
            Self::Redis => "redis",
        }
    }

    /// The server of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|server| server.name() == name)
    }

    /// The name of its address, as [`environment`] has it.
    #[must_use]
    pub fn address_name(self) -> &'static str {
        match self {
            Self::Postgres => environment::POSTGRES_URL,
            Self::RabbitMq => environment::AMQP_URL,
            Self::Redis => environment::REDIS_URL,
        }
    }

    /// Whether its program is installed, as an error that says what isn't.
    ///
    /// # Errors
    /// When it isn't.
    pub fn installed(self) -> anyhow::Result<PathBuf> {
        match self {
            Self::Postgres => postgres::program(),
            Self::RabbitMq => rabbitmq::program(),
            Self::Redis => redis::program(),
        }
    }

    fn command(self, servers: &Servers) -> anyhow::Result<Command> {
        match self {
            Self::Postgres => postgres::command(servers),
            Self::RabbitMq => rabbitmq::command(servers),
            Self::Redis => redis::command(servers),
        }
    }

    fn ready(self, servers: &Servers) -> anyhow::Result<()> {
        match self {
            Self::Postgres => postgres::ready(servers),
            Self::RabbitMq => rabbitmq::ready(servers),
            Self::Redis => redis::ready(servers),
        }
    }

    /// What asks it to end in order, without waiting for those who are connected.
    fn goodbye(self) -> Signal {
        match self {
            // a "fast" shutdown; SIGTERM would wait until all clients have gone
            Self::Postgres => Signal::INT,
            Self::RabbitMq | Self::Redis => Signal::TERM,
        }
    }
}

/// Who is where a server of ours would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Ours, with this process number.
    Ours(u32),
    /// Somebody else's, which answers as ours would.
    Strangers,
    /// Somebody else's, which doesn't.
    Occupied,
    /// Nobody.
    Nobody,
}

/// The servers of one folder.
#[derive(Debug, Clone)]
pub struct Servers {
    folder: PathBuf,
    ports: Ports,
}

impl Servers {
    /// Those with their data in `folder`, on these ports. Nothing is started.
    #[must_use]
    pub fn new(folder: &Path, ports: Ports) -> Self {
        Self { folder: folder.to_owned(), ports }
    }

    /// Where they keep everything.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// One at a time: whoever starts or stops them holds this until it is dropped.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn lock(&self) -> anyhow::Result<File> {
        std::fs::create_dir_all(&self.folder).with_context(|| self.folder.display().to_string())?;
        let path = self.folder.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| path.display().to_string())?;
        file.lock().with_context(|| path.display().to_string())?;
        Ok(file)
    }

    /// Who is there.
    #[must_use]
    pub fn look(&self, server: Server) -> Found {
        if let Some(pid) = self.place(server).alive() {
            return Found::Ours(pid);
        }
        match (probe::is_open(self.port(server)), server.ready(self)) {
            (false, _) => Found::Nobody,
            (true, Ok(())) => Found::Strangers,
            (true, Err(_)) => Found::Occupied,
        }
    }

    /// Whether somebody there does its work.
    #[must_use]
    pub fn is_ready(&self, server: Server) -> bool {
        server.ready(self).is_ok()
    }

    /// Has the server run, without waiting until it is ready; one that runs goes on.
    ///
    /// # Errors
    /// When it isn't installed, or somebody else has its port.
    pub fn launch(&self, server: Server) -> anyhow::Result<()> {
        if self.place(server).alive().is_some() {
            return Ok(());
        }
        let port = self.port(server);
        ensure!(!probe::is_open(port), "port {port} is another program's: stop that one first");
        std::fs::create_dir_all(&self.folder)?;
        self.place(server).spawn(&mut server.command(self)?)?;
        Ok(())
    }

    /// Waits until it does its work.
    ///
    /// # Errors
    /// When it ends instead, or takes too long; the error holds its last words.
    pub fn wait_ready(&self, server: Server) -> anyhow::Result<()> {
        let mut attempts = 1;
        let ended = wait::until(START_PATIENCE, || {
            let place = self.place(server);
            if place.alive().is_some() {
                return server.ready(self).is_ok().then_some(Ok(()));
            }
            let last_words = place.last_words();
            let held = STILL_HELD.iter().any(|words| last_words.contains(words));
            if held && attempts < ATTEMPTS_MAX && self.launch(server).is_ok() {
                attempts += 1;
                return None;
            }
            Some(Err(anyhow::anyhow!("{} has ended; {last_words}", server.name())))
        });
        ended.unwrap_or_else(|| {
            let why = server.ready(self).err().unwrap_or_else(|| anyhow::anyhow!("a moment late"));
            let words = self.place(server).last_words();
            bail!("{} isn't ready after {START_PATIENCE:?}: {why:#}; {words}", server.name())
        })
    }

    /// Has the server run, and waits until it does its work.
    ///
    /// # Errors
    /// As [`Self::launch`] and [`Self::wait_ready`].
    pub fn start(&self, server: Server) -> anyhow::Result<()> {
        self.launch(server).with_context(|| server.name())?;
        self.wait_ready(server)
    }

    /// Stops the server in order, and answers whether it ran. Other people's stay.
    ///
    /// # Errors
    /// When it can't be stopped.
    pub fn stop(&self, server: Server) -> anyhow::Result<bool> {
        let ran = self.place(server).stop(server.goodbye())?;
        if server == Server::RabbitMq && self.place(server).alive().is_none() {
            rabbitmq::stop_register(self);
        }
        Ok(ran)
    }

    /// `kill -9`, and answers whether it ran. Other people's stay.
    ///
    /// # Errors
    /// When it can't be killed.
    pub fn kill(&self, server: Server) -> anyhow::Result<bool> {
        self.place(server).kill()
    }

    /// The server's address, as a URL.
    #[must_use]
    pub fn address(&self, server: Server) -> String {
        let port = self.port(server);
        match server {
            Server::Postgres => format!("postgres://ticketing:ticketing@127.0.0.1:{port}"),
            Server::RabbitMq => format!("amqp://ticketing:ticketing@127.0.0.1:{port}"),
            Server::Redis => format!("redis://127.0.0.1:{port}"),
        }
    }

    /// The address of RabbitMQ's management API, as a URL.
    #[must_use]
    pub fn management_address(&self) -> String {
        format!("http://ticketing:ticketing@127.0.0.1:{}", self.ports.management)
    }

    /// Writes down for tests where everything is.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn write_environment(&self) -> anyhow::Result<PathBuf> {
        let addresses = Server::ALL.map(|server| (server.address_name(), self.address(server)));
        let nginx = programs::find("nginx", &[]).unwrap_or_else(|_| "/usr/sbin/nginx".into());
        let more = [
            (environment::AMQP_MANAGEMENT_URL, self.management_address()),
            (environment::NGINX, nginx.display().to_string()),
        ];
        let lines = addresses.into_iter().chain(more);
        let text: String = lines.map(|(name, value)| format!("{name}={value}\n")).collect();
        let file = self.folder.join(environment::FILE);
        write_whole(&file, &text)?;
        Ok(file)
    }

    /// Where the server writes its log.
    #[must_use]
    pub fn log(&self, server: Server) -> PathBuf {
        self.place(server).log().to_owned()
    }

    fn place(&self, server: Server) -> Place {
        Place::new(&self.folder, server.name())
    }

    fn port(&self, server: Server) -> u16 {
        match server {
            Server::Postgres => self.ports.postgres,
            Server::RabbitMq => self.ports.amqp,
            Server::Redis => self.ports.redis,
        }
    }
}
