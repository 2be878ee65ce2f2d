//! The services themselves: some of each, as processes of their own, behind nginx.

mod backends;
mod record;
mod role;

use std::fs::File;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

pub use backends::Backends;
pub use role::Role;

use crate::nginx::{Nginx, Site, Upstreams};
use crate::process::{Place, Signal};
use crate::servers::programs;
use crate::{free_ports, http, wait};
use record::Record;

/// How many of each there may be: the ports of one role are next to each other.
const REPLICAS_MAX: u16 = 9;

/// Where nginx is, counted from the first port, unless options say otherwise.
const NGINX_PORT: u16 = 90;

/// How long a service may take until it serves.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// How long a service that stops goes on, so that nginx lets go of it: longer than nginx keeps an
/// idle connection (`infra/nginx/upstreams.conf`).
const STOP_DELAY: &str = "3";

/// What a cluster is like.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// Where it keeps everything that isn't on a server.
    pub folder: PathBuf,
    /// How many of each service.
    pub replicas: u16,
    /// The first of the services' ports; without, free ones are looked for.
    pub first_port: Option<u16>,
    /// Where nginx listens; without, beside the services.
    pub listen: Option<SocketAddr>,
    /// Its servers.
    pub backends: Backends,
    /// Settings of the services, as environment variables; they win over those of the cluster.
    pub settings: Vec<(String, String)>,
}

/// A cluster, which goes on when this value is dropped.
#[derive(Clone)]
pub struct Cluster {
    record: Record,
}

impl Cluster {
    /// Starts `binary`, which is `ticketing`, once for each replica of each role, then nginx.
    /// Returns once all of them serve, hear of events, and find all well that they need.
    ///
    /// # Errors
    /// When something doesn't start; what has started is stopped again.
    pub fn start(binary: &Path, options: ClusterOptions) -> anyhow::Result<Self> {
        let replicas = options.replicas;
        ensure!((1..=REPLICAS_MAX).contains(&replicas), "1 to {REPLICAS_MAX} of each service");
        std::fs::create_dir_all(&options.folder)?;
        let binary = std::path::absolute(binary)?;
        let binary = binary.to_str().context("the program's path is no text")?.to_owned();
        let first_port = options.first_port.map_or_else(free_ports::block, Ok)?;
        let cluster = Self { record: Record { options, binary, first_port, key: random_key()? } };
        cluster.record.write()?;
        let prepared = cluster.options().backends.prepare();
        let started = prepared.and_then(|()| cluster.resume());
        let started = started.and_then(|()| cluster.wait_connected());
        let started = started.and_then(|()| cluster.wait_well());
        if let Err(error) = started {
            let _ = cluster.kill_all();
            return Err(error);
        }
        Ok(cluster)
    }

    /// The cluster that was started in that folder.
    ///
    /// # Errors
    /// When there is none.
    pub fn at(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self { record: Record::read(folder)? })
    }

    /// Starts everything that doesn't run, on what it has kept on the servers.
    ///
    /// # Errors
    /// When something doesn't start.
    pub fn resume(&self) -> anyhow::Result<()> {
        for (role, number) in self.all() {
            self.launch(role, number)?;
        }
        for (role, number) in self.all() {
            self.wait_ready(role, number)?;
        }
        if self.nginx().pid().is_some() {
            return Ok(());
        }
        Nginx::start(&self.options().folder.join("nginx"), &self.site()).map(|_| ())
    }

    /// Where clients reach it: nginx.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.listen())
    }

    /// Where one process is reached, past nginx. Processes of a role are counted from 0.
    #[must_use]
    pub fn service_url(&self, role: Role, number: u16) -> String {
        format!("http://{}", self.address(role, number))
    }

    /// What it was started with.
    #[must_use]
    pub fn options(&self) -> &ClusterOptions {
        &self.record.options
    }

    /// By what services know each other.
    #[must_use]
    pub fn service_key(&self) -> &str {
        &self.record.key
    }

    /// Each process: its role, and which of them it is.
    pub fn all(&self) -> impl Iterator<Item = (Role, u16)> + use<> {
        let replicas = self.options().replicas;
        Role::ALL.into_iter().flat_map(move |role| (0..replicas).map(move |n| (role, n)))
    }

    /// The metrics of one process, as Prometheus gets them.
    ///
    /// # Errors
    /// When it doesn't answer.
    pub fn metrics(&self, role: Role, number: u16) -> anyhow::Result<String> {
        let address = self.address(role, number).to_string();
        http::body(&address, "/metrics", &format!("Bearer {}", self.record.key))
    }

    /// The process' number, while it runs.
    #[must_use]
    pub fn pid(&self, role: Role, number: u16) -> Option<u32> {
        self.place(role, number).alive()
    }

    /// Where it writes its log.
    #[must_use]
    pub fn log(&self, role: Role, number: u16) -> PathBuf {
        self.place(role, number).log().to_owned()
    }

    /// Its nginx.
    #[must_use]
    pub fn nginx(&self) -> Nginx {
        Nginx::at(&self.options().folder.join("nginx"), self.listen())
    }

    /// `kill -9` of one process, and whether it ran.
    ///
    /// # Errors
    /// When it can't be killed.
    pub fn kill(&self, role: Role, number: u16) -> anyhow::Result<bool> {
        self.place(role, number).kill()
    }

    /// Stops one process in order, and says whether it ran.
    ///
    /// # Errors
    /// When it can't be stopped.
    pub fn stop_one(&self, role: Role, number: u16) -> anyhow::Result<bool> {
        self.place(role, number).stop(Signal::TERM)
    }

    /// Starts one process if it doesn't run, and waits until it serves.
    ///
    /// # Errors
    /// When it doesn't start.
    pub fn start_one(&self, role: Role, number: u16) -> anyhow::Result<()> {
        self.launch(role, number)?;
        self.wait_ready(role, number)
    }

    /// Has one process run, without waiting until it serves.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn launch(&self, role: Role, number: u16) -> anyhow::Result<()> {
        ensure!(number < self.options().replicas, "there is no {} {number}", role.name());
        let place = self.place(role, number);
        if place.alive().is_some() {
            return Ok(());
        }
        let mut command = programs::bare(Path::new(&self.record.binary));
        command.args(["serve", role.name()]).current_dir(&self.options().folder);
        command.envs(self.settings(role, number)).envs(self.options().settings.iter().cloned());
        place.spawn(&mut command).map(|_| ())
    }

    /// Waits until one process serves.
    ///
    /// # Errors
    /// When it ends instead, or takes too long; the error holds its last words.
    pub fn wait_ready(&self, role: Role, number: u16) -> anyhow::Result<()> {
        self.wait_for(role, number, "/api/health/ready")
    }

    /// Waits until one process answers 200 there.
    fn wait_for(&self, role: Role, number: u16, path: &str) -> anyhow::Result<()> {
        let (place, address) = (self.place(role, number), self.address(role, number).to_string());
        let (name, mut last) = (role.name(), String::new());
        let ready = wait::until(START_PATIENCE, || {
            if place.alive().is_none() {
                return Some(false);
            }
            let seen = http::ask("GET", &address, path, "");
            last = match &seen {
                Ok((status, said)) => format!("{status}, {said}"),
                Err(error) => format!("{error:#}"),
            };
            matches!(seen, Ok((200, _))).then_some(true)
        });
        let words = || place.last_words();
        match ready {
            Some(true) => Ok(()),
            Some(false) => bail!("{name} {number} has ended; {}", words()),
            None => bail!("{name} {number} doesn't say 200 at {path}, but {last}; {}", words()),
        }
    }

    /// Waits until all who hear of events do: a broker that is new to them may be slow at first.
    fn wait_connected(&self) -> anyhow::Result<()> {
        for (role, number) in self.all() {
            let connection = match role {
                Role::Auth => continue,
                Role::Gateway => "listener",
                subscriber => subscriber.name(),
            };
            let line = format!("broker_connected{{connection=\"{connection}\"}} 1");
            let connected = wait::until(START_PATIENCE, || {
                let metrics = self.metrics(role, number).ok()?;
                metrics.lines().any(|it| it == line).then_some(())
            });
            if connected.is_none() {
                let (name, said) = (role.name(), self.place(role, number).last_words());
                bail!("{name} {number} doesn't reach the broker; {said}");
            }
        }
        Ok(())
    }

    /// Waits until each process finds everything well that it needs. The gateways come last: what
    /// they need are the others.
    fn wait_well(&self) -> anyhow::Result<()> {
        self.all().try_for_each(|(role, number)| self.wait_for(role, number, "/api/health"))
    }

    /// Restarts the processes of a role in order, one after the other, each once the one before
    /// serves again.
    ///
    /// # Errors
    /// When one doesn't stop or start.
    pub fn restart(&self, role: Role) -> anyhow::Result<()> {
        for number in 0..self.options().replicas {
            let _ran = self.stop_one(role, number)?;
            self.start_one(role, number)?;
        }
        Ok(())
    }

    /// Stops everything in order: nginx, then all services at once.
    ///
    /// # Errors
    /// When something can't be stopped.
    pub fn stop(&self) -> anyhow::Result<()> {
        self.nginx().stop()?;
        for (role, number) in self.all() {
            self.place(role, number).ask(Signal::TERM)?;
        }
        for (role, number) in self.all() {
            self.stop_one(role, number)?;
        }
        Ok(())
    }

    /// `kill -9` of everything.
    ///
    /// # Errors
    /// When something can't be killed.
    pub fn kill_all(&self) -> anyhow::Result<()> {
        let stopped = self.nginx().stop();
        // all at one moment, as a machine's end would
        for (role, number) in self.all() {
            self.place(role, number).ask(Signal::KILL)?;
        }
        for (role, number) in self.all() {
            self.kill(role, number)?;
        }
        stopped.map(|_| ())
    }

    /// Kills everything, and removes what it has on the servers.
    ///
    /// # Errors
    /// When something can't be killed or removed.
    pub fn remove(&self) -> anyhow::Result<()> {
        self.kill_all()?;
        self.options().backends.remove()
    }

    fn place(&self, role: Role, number: u16) -> Place {
        Place::new(&self.options().folder, &format!("{}-{number}", role.name()))
    }

    fn address(&self, role: Role, number: u16) -> SocketAddr {
        let row = Role::ALL.iter().position(|other| *other == role).unwrap_or_default();
        let row = u16::try_from(row).unwrap_or_default();
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.record.first_port + 10 * row + number))
    }

    fn addresses(&self, role: Role) -> Vec<SocketAddr> {
        (0..self.options().replicas).map(|number| self.address(role, number)).collect()
    }

    fn listen(&self) -> SocketAddr {
        let beside = (Ipv4Addr::LOCALHOST, self.record.first_port + NGINX_PORT);
        self.options().listen.unwrap_or_else(|| SocketAddr::from(beside))
    }

    fn site(&self) -> Site {
        Site {
            listen: self.listen(),
            upstreams: Upstreams {
                auth: self.addresses(Role::Auth),
                tickets: self.addresses(Role::Tickets),
                orders: self.addresses(Role::Orders),
                payments: self.addresses(Role::Payments),
                gateway: self.addresses(Role::Gateway),
            },
            // whoever tries it has one address
            limit: None,
            workers: None,
            access_log: true,
        }
    }

    fn settings(&self, role: Role, number: u16) -> Vec<(&'static str, String)> {
        let urls = |role| {
            let all = self.addresses(role).into_iter().map(|address| format!("http://{address}"));
            all.collect::<Vec<_>>().join(",")
        };
        let data = self.options().folder.join(format!("{}-{number}", role.name()));
        let mut settings = vec![
            ("LISTEN", self.address(role, number).to_string()),
            ("DATA", data.display().to_string()),
            ("PUBLIC_URL", self.url()),
            ("TRUSTED_PROXIES", "127.0.0.1".to_owned()),
            ("STOP_DELAY_SECONDS", STOP_DELAY.to_owned()),
            ("SERVICE_KEY", self.record.key.clone()),
            ("METRICS_TOKEN", self.record.key.clone()),
            ("AUTH_URL", urls(Role::Auth)),
            ("TICKETS_URL", urls(Role::Tickets)),
            ("ORDERS_URL", urls(Role::Orders)),
            ("PAYMENTS_URL", urls(Role::Payments)),
            // the broker of Debian 12 loses quorum queues when it is killed
            ("AMQP_QUEUE_TYPE", "classic".to_owned()),
            ("RUST_LOG", "info".to_owned()),
        ];
        settings.extend(self.options().backends.settings());
        settings
    }
}

/// 32 hexadecimal digits that nobody guesses.
fn random_key() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    let source = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    source.context("/dev/urandom")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests;
