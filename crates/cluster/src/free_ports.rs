//! Ports for processes that come and go.
//!
//! The system gives ports out for connections, too; such a port can be taken while the process it
//! is meant for is down. So these lie below those that the system chooses from.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::Context;

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
    candidates.find(|first| is_free(*first)).context("there are no free ports")
}

fn is_free(first: u16) -> bool {
    let mut ports = first..first + BLOCK;
    ports.all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_with_a_port_in_use_is_passed_over() {
        let first = block().unwrap();
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first + 7)).unwrap();
        let next = block().unwrap();
        assert_ne!(first, next);
        assert!((FIRST..LAST).contains(&next));
    }
}
