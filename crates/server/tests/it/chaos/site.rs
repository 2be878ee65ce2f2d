//! An exchange of many processes on servers of its own, which may be stopped.

use cluster::{Backends, Ports, Server, Servers, free_ports};
use testkit::TestPlatform;

/// What everything is called on the servers.
const NAME: &str = "chaos";

/// The exchange, and the servers below it. What is dropped first stands first.
pub(crate) struct Site {
    pub(crate) exchange: TestPlatform,
    pub(crate) servers: OwnServers,
}

/// Servers that end with the test.
pub(crate) struct OwnServers {
    pub(crate) servers: Servers,
    _folder: tempfile::TempDir,
}

impl Site {
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let first = free_ports::block().unwrap();
        let ports = Ports {
            postgres: first,
            amqp: first + 1,
            management: first + 2,
            distribution: first + 3,
            epmd: first + 4,
            redis: first + 5,
        };
        let folder = tempfile::tempdir().unwrap();
        let servers = Servers::new(folder.path(), ports);
        let servers = OwnServers { servers, _folder: folder };
        for server in Server::ALL {
            servers.servers.launch(server).unwrap();
        }
        for server in Server::ALL {
            servers.servers.wait_ready(server).unwrap();
        }
        let backends = Backends::of(&servers.servers, NAME);
        let program = env!("CARGO_BIN_EXE_ticketing");
        let exchange = TestPlatform::on_servers(program, settings, backends);
        Self { exchange, servers }
    }
}

impl Drop for OwnServers {
    fn drop(&mut self) {
        for server in Server::ALL {
            self.servers.kill(server).unwrap();
            // RabbitMQ's register of nodes stays behind a server that was killed
            let _ran = self.servers.stop(server).unwrap();
        }
    }
}
