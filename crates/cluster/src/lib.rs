//! The exchange as many processes on one machine: the servers that it needs, started for tests and
//! for people who try it; nginx's configuration; and two of each service behind it.
//!
//! [`Servers`] starts and stops `PostgreSQL`, RabbitMQ and Redis, each of which can be stopped,
//! killed and started alone. [`nginx`] writes down who is asked for what. [`Cluster`] starts the
//! services themselves.

pub mod environment;
mod exchange;
pub mod free_ports;
mod http;
pub mod nginx;
mod process;
pub mod servers;
mod wait;

pub use exchange::{Backends, Cluster, ClusterOptions, Role};
pub use servers::{Found, Ports, Server, Servers};

/// Whether nginx is installed where programs are.
#[must_use]
pub fn has_nginx() -> bool {
    servers::programs::find("nginx", &[]).is_ok()
}

/// Whether this is root, who may install, and whom some servers refuse to be.
#[must_use]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
