//! Where a request comes from.

use std::net::IpAddr;

/// The address of the client that sent a request: a request extension, set at the edge, which
/// knows which proxies to trust.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);
