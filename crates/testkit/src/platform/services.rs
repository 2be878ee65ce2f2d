//! The distributed profile: two of each service on PostgreSQL, RabbitMQ and Redis, behind nginx.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cluster::{Backends, Cluster, ClusterOptions};
use kernel::OrderId;

use super::{Exchange, SETTINGS, Settings};
use crate::Databases;
use crate::databases::Server;

const REPLICAS: u16 = 2;

/// Settings of many processes on one small machine.
const OF_MANY: &[(&str, &str)] = &[
    // nobody is behind nginx any more when a test ends
    ("STOP_DELAY_SECONDS", "0"),
    // twelve processes, several tests at once, one server
    ("DATABASE_CONNECTIONS_MAX", "6"),
];

/// What nobody else has on the servers of the tests.
pub(super) fn backends() -> Backends {
    Backends::of_tests(&format!("test_{}", OrderId::generate().as_uuid().simple()))
}

/// Many processes, with databases, a virtual host and keys of their own.
pub(super) struct Services {
    cluster: Cluster,
    server: Arc<Server>,
    is_running: bool,
    folder: tempfile::TempDir,
}

impl Services {
    /// Starts them on these servers.
    pub(super) fn start(binary: &'static str, settings: Settings, backends: Backends) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let usual = SETTINGS.iter().chain(OF_MANY);
        let usual = usual.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let options = ClusterOptions {
            folder: folder.path().to_owned(),
            replicas: REPLICAS,
            first_port: None,
            listen: None,
            backends: backends.clone(),
            settings: usual.chain(settings).collect(),
        };
        let cluster = Cluster::start(Path::new(binary), options).unwrap_or_else(|error| {
            let _ = backends.remove();
            panic!("{error:#}")
        });
        let server = Arc::new(Server::connect(cluster.clone()));
        let services = Self { cluster, server, is_running: true, folder };
        services.server.watch();
        services
    }

    /// From now on processes may be killed.
    pub(super) fn expect_faults(&self) {
        self.server.expect_lost_counts();
    }
}

impl Exchange for Services {
    fn start(&mut self) {
        self.cluster.resume().unwrap_or_else(|error| panic!("{error:#}"));
        self.is_running = true;
    }

    fn kill(&mut self) {
        self.is_running = false;
        self.expect_faults();
        self.cluster.kill_all().unwrap();
    }

    fn stop(&mut self) -> bool {
        self.is_running = false;
        self.expect_faults();
        self.cluster.stop().unwrap();
        // who ends by a fault says so
        !self.log().contains("panicked at")
    }

    fn is_running(&self) -> bool {
        self.is_running
    }

    fn url(&self) -> String {
        self.cluster.url()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn pid(&self) -> Option<u32> {
        None
    }

    fn cluster(&self) -> Option<&Cluster> {
        Some(&self.cluster)
    }

    fn databases(&self) -> Databases {
        Databases::on(Arc::clone(&self.server))
    }

    fn log(&self) -> String {
        let logs = self.cluster.all().map(|(role, number)| {
            let log = std::fs::read_to_string(self.cluster.log(role, number)).unwrap_or_default();
            format!("--- {} {number}\n{log}", role.name())
        });
        let nginx = format!("--- nginx\n{}", self.cluster.nginx().log());
        logs.chain([nginx]).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        if let Err(error) = self.cluster.remove() {
            eprintln!("something of a test is left behind: {error:#}");
        }
    }
}
