//! Ports for processes that come and go.
//!
//! The system gives ports out for connections, too; such a port can be taken while the process it
//! is meant for is down. So these lie below those that the system chooses from.
//!
//! Whether a port is free is found out without listening: who connects to a service that is down
//! has to be refused, also while somebody looks at its port.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::Context;
use rustix::io;
use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with, sockopt,
};

/// Below Linux' first port for connections (`ip_local_port_range`).
const FIRST: u16 = 10_000;
const LAST: u16 = 32_000;

/// How many blocks this process has looked at.
static ASKED: AtomicU16 = AtomicU16::new(0);

/// How many ports a block has.
pub const BLOCK: u16 = 100;

/// The first of [`BLOCK`] ports in a row that nobody has at the moment. Processes that ask at the
/// same time begin to look at different places, and nobody in this process gets the same twice
/// before all others were given out.
///
/// # Errors
/// When there is no such block.
pub fn block() -> anyhow::Result<u16> {
    let blocks = (LAST - FIRST) / BLOCK;
    let start = u16::try_from(std::process::id() % u32::from(blocks)).unwrap_or_default();
    let mut candidates = (0..blocks).map(|_| {
        let step = ASKED.fetch_add(1, Ordering::Relaxed) % blocks;
        FIRST + (start + step) % blocks * BLOCK
    });
    candidates.find(|first| is_free_block(*first)).context("there are no free ports")
}

fn is_free_block(first: u16) -> bool {
    (first..first + BLOCK).all(is_free_now)
}

fn is_free_now(port: u16) -> bool {
    take(port, true).is_ok()
}

/// A port on which nobody listens, and nobody else can as long as this is kept: whoever connects is
/// refused.
#[derive(Debug)]
pub struct Refusing {
    _socket: OwnedFd,
    /// Where that is.
    pub address: SocketAddr,
}

impl Refusing {
    /// Takes a port.
    ///
    /// # Errors
    /// When the system has none.
    pub fn port() -> anyhow::Result<Self> {
        let socket = take(0, false)?;
        let address = SocketAddr::try_from(getsockname(&socket)?)?;
        Ok(Self { _socket: socket, address })
    }
}

/// Takes a port without listening on it. Who `shares` it takes it as servers do: also where an
/// earlier one's connections linger, and others may do the same.
fn take(port: u16, shares: bool) -> io::Result<OwnedFd> {
    let (family, kind) = (AddressFamily::INET, SocketType::STREAM);
    let socket = socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
    sockopt::set_socket_reuseaddr(&socket, shares)?;
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};
    use std::thread;
    use std::time::Duration;

    use super::*;

    const LESS_THAN_A_SECOND: Duration = Duration::from_millis(900);

    #[test]
    fn a_block_with_a_port_in_use_is_passed_over() {
        let first = block().unwrap();
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first + 7)).unwrap();
        let next = block().unwrap();
        assert_ne!(first, next);
        assert!((FIRST..LAST).contains(&next));
    }
    #[test]
    fn nobody_is_let_in_where_a_port_is_looked_at() {
        // so that the system gives it to nobody else meanwhile
        let ours = take(0, true).unwrap();
        let address = SocketAddr::try_from(getsockname(&ours).unwrap()).unwrap();
        let looking = thread::spawn(move || (0..100_000).all(|_| is_free_now(address.port())));
        while !looking.is_finished() {
            // what meets a port that is being closed is lost, and sent once more after a second
            let error = TcpStream::connect_timeout(&address, LESS_THAN_A_SECOND).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        }
        assert!(looking.join().unwrap());
    }

    #[test]
    fn nobody_can_listen_where_all_are_refused() {
        let refusing = Refusing::port().unwrap();
        TcpListener::bind(refusing.address).unwrap_err();
        TcpStream::connect(refusing.address).unwrap_err();
    }
}
