//! Questions to a server in its own words: is it ready, not only listening?

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::http;

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether anybody listens on that port.
pub(crate) fn is_open(port: u16) -> bool {
    TcpStream::connect_timeout(&local(port), PATIENCE).is_ok()
}

/// The first bytes of the answer to `question`, as many as `wanted` or until its end.
pub(crate) fn ask(port: u16, question: &[u8], wanted: u64) -> std::io::Result<Vec<u8>> {
    http::exchange(local(port), question, wanted)
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
