//! Servers of a test's own, which it may kill and stop, and nobody else notices.

use cluster::{Ports, Server, Servers, free_ports};

/// Servers that end with this value.
pub struct OwnServers {
    /// To start, stop and kill them.
    pub servers: Servers,
    /// Where they listen.
    pub ports: Ports,
    _folder: tempfile::TempDir,
}

impl OwnServers {
    /// Servers on ports that nobody has; none is started.
    ///
    /// # Panics
    /// When there are no such ports.
    #[must_use]
    pub fn new() -> Self {
        let ports = Ports::from(free_ports::block().unwrap());
        let folder = tempfile::tempdir().unwrap();
        Self { servers: Servers::new(folder.path(), ports), ports, _folder: folder }
    }
}

impl Default for OwnServers {
    fn default() -> Self {
        Self::new()
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
