//! Who is at the other end: an extension of every request that came by a connection.

use std::net::IpAddr;

/// The client's address. A request without one came from nowhere that is known.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);
