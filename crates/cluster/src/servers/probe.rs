//! Questions to a server in its own words: is it ready, not only listening?

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long a server may take to answer one question.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether anybody listens on that port.
pub(crate) fn is_open(port: u16) -> bool {
    connect(port).is_ok()
}

/// The first bytes of the answer to `question`, as many as `wanted` or until its end.
pub(crate) fn ask(port: u16, question: &[u8], wanted: usize) -> std::io::Result<Vec<u8>> {
    let mut connection = connect(port)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    connection.write_all(question)?;
    let mut answer = Vec::new();
    connection.take(wanted as u64).read_to_end(&mut answer)?;
    Ok(answer)
}

fn connect(port: u16) -> std::io::Result<TcpStream> {
    TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PATIENCE)
}
