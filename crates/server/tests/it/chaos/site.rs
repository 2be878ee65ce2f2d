//! An exchange of many processes on servers of its own, which may be stopped.

use cluster::{Backends, Server};
use testkit::{OwnServers, TestPlatform};

/// What everything is called on the servers.
const NAME: &str = "chaos";

/// The exchange, and the servers below it. What is dropped first stands first.
pub(crate) struct Site {
    pub(crate) exchange: TestPlatform,
    pub(crate) servers: OwnServers,
}

impl Site {
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let servers = OwnServers::new();
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
