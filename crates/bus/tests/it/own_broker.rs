//! A broker of a test's own, to be killed, stopped and starved.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;

use crate::broker::Vhost;

/// Where Debian puts the broker's programs; these don't insist on a user of their own.
const PROGRAMS: &str = "/usr/lib/rabbitmq/bin";

/// How long a start may take.
const START: Duration = Duration::from_secs(60);

/// A broker, which goes with this value.
pub(crate) struct OwnBroker {
    folder: TempDir,
    ports: Ports,
    epmd: Child,
    broker: Child,
}

struct Ports {
    amqp: u16,
    management: u16,
    nodes: u16,
    names: u16,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl OwnBroker {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports = Ports {
            amqp: free_port(),
            management: free_port(),
            nodes: free_port(),
            names: free_port(),
        };
        let settings = format!(
            "listeners.tcp.1 = 127.0.0.1:{}\nmanagement.tcp.ip = 127.0.0.1\n\
             management.tcp.port = {}\ndefault_user = ticketing\ndefault_pass = ticketing\n\
             default_user_tags.administrator = true\nlog.file.level = warning\n\
             vm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 50MB\n",
            ports.amqp, ports.management
        );
        std::fs::write(folder.path().join("rabbitmq.conf"), settings).unwrap();
        std::fs::write(folder.path().join("plugins"), "[rabbitmq_management].").unwrap();
        // a process of our own, so that nothing stays behind
        let names = ports.names.to_string();
        let epmd = ["-port", &names, "-address", "127.0.0.1"];
        let epmd = Command::new("epmd").args(epmd).stdout(Stdio::null()).spawn().unwrap();
        let broker = Self::spawn(folder.path(), &ports);
        let broker = Self { folder, ports, epmd, broker };
        broker.is_up().await;
        broker
    }

    fn spawn(folder: &Path, ports: &Ports) -> Child {
        let log = std::fs::File::create(folder.join("output.log")).unwrap();
        let mut server = Self::program(folder, ports, "rabbitmq-server");
        server.stdin(Stdio::null()).stderr(log.try_clone().unwrap()).stdout(log).spawn().unwrap()
    }

    fn program(folder: &Path, ports: &Ports, name: &str) -> Command {
        let file = |name: &str| folder.join(name);
        let mut command = Command::new(PathBuf::from(PROGRAMS).join(name));
        command
            .env("HOME", folder)
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("ERL_EPMD_PORT", ports.names.to_string())
            .env("RABBITMQ_NODENAME", format!("test{}@localhost", ports.amqp))
            .env("RABBITMQ_DIST_PORT", ports.nodes.to_string())
            .env("RABBITMQ_CONFIG_FILE", file("rabbitmq"))
            .env("RABBITMQ_MNESIA_BASE", file("data"))
            .env("RABBITMQ_LOG_BASE", file("log"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", file("plugins"))
            .env("RABBITMQ_PID_FILE", file("pid"))
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "+S 1:1 -kernel inet_dist_use_interface {127,0,0,1}",
            );
        command
    }

    async fn is_up(&self) {
        let began = Instant::now();
        let url = format!("{}/api/overview", self.management());
        let client = reqwest::Client::new();
        let mut tries = tokio::time::interval(Duration::from_millis(100));
        while !client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
            assert!(began.elapsed() < START, "the broker doesn't start; see {:?}", self.folder);
            tries.tick().await;
        }
    }

    fn management(&self) -> String {
        format!("http://ticketing:ticketing@127.0.0.1:{}", self.ports.management)
    }

    pub(crate) async fn vhost(&self) -> Vhost {
        let amqp = format!("amqp://ticketing:ticketing@127.0.0.1:{}", self.ports.amqp);
        Vhost::on(&amqp, &self.management()).await
    }

    /// What `rabbitmqctl` does.
    pub(crate) async fn control(&self, arguments: &[&str]) {
        let mut command = Self::program(self.folder.path(), &self.ports, "rabbitmqctl");
        command.args(arguments).stdout(Stdio::null());
        let done = tokio::task::spawn_blocking(move || command.status().unwrap()).await.unwrap();
        assert!(done.success(), "{arguments:?}");
    }

    /// As a power failure, but for what the system has in its memory.
    pub(crate) fn kill(&mut self) {
        let pid = std::fs::read_to_string(self.folder.path().join("pid")).unwrap();
        let killed = Command::new("kill").args(["-9", pid.trim()]).status().unwrap();
        assert!(killed.success());
        self.broker.wait().unwrap();
    }

    /// Starts again what was killed, on the same data.
    pub(crate) async fn start_again(&mut self) {
        self.broker = Self::spawn(self.folder.path(), &self.ports);
        self.is_up().await;
    }
}

impl Drop for OwnBroker {
    fn drop(&mut self) {
        let pid = std::fs::read_to_string(self.folder.path().join("pid")).unwrap_or_default();
        for killed in [
            Command::new("kill").args(["-9", pid.trim()]).status(),
            self.epmd.kill().map(|()| Default::default()),
        ] {
            if let Err(error) = killed {
                eprintln!("a broker stays behind: {error}");
            }
        }
        for child in [&mut self.broker, &mut self.epmd] {
            if let Err(error) = child.wait() {
                eprintln!("a broker stays behind: {error}");
            }
        }
    }
}
