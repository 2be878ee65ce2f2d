//! Where a request comes from: the peer of the connection, or what trusted proxies say of it.

use std::net::{IpAddr, SocketAddr};

use http::{Extensions, HeaderMap, HeaderName, header};
use kernel::Network;

use crate::rate_limit::Charged;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The most addresses a chain of proxies may have; what is longer was not made by proxies.
const CHAIN_MAX: usize = 32;

/// The address a request comes from; in each request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

/// The other end of the connection; put into each request by [`crate::serve`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The other end of the connection that a request came on, if it came on one.
#[must_use]
pub fn peer_of(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<Peer>().map(|peer| peer.0)
}

/// Makes `inner` the extensions of a request that this process makes of itself, for the client of
/// the request that had `outer`: it comes from where that came from, and counts as its user's.
pub fn on_behalf_of(outer: &Extensions, inner: &mut Extensions) {
    if let Some(ClientAddress(address)) = outer.get() {
        inner.insert(Peer(*address));
    }
    if let Some(charged) = outer.get::<Charged>() {
        inner.insert(charged.clone());
    }
}

/// The proxies in front of the exchange, which are believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<Network>);

impl TrustedProxies {
    /// Proxies with addresses in `networks`.
    #[must_use]
    pub const fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    /// Whether `address` is one of theirs.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// The client behind `peer`. Each proxy appends whom it talked to, so the chain is read from
    /// its end, as far as the proxies are trusted: the first address that isn't is the client's.
    /// What stands before that was written by the client and says nothing. `X-Forwarded-For` and
    /// `Forwarded` (RFC 7239) are read; where both are there and disagree, one of them is the
    /// client's own, and neither counts. A chain that can't be read counts for nothing either.
    #[must_use]
    pub fn client_of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.contains(peer) {
            return peer;
        }
        let by = |name: HeaderName, read: fn(&str) -> Option<IpAddr>| {
            let is_there = headers.contains_key(&name);
            is_there.then(|| self.last_stranger(peer, headers, &name, read).unwrap_or(peer))
        };
        match (by(X_FORWARDED_FOR, node), by(header::FORWARDED, forwarded_for)) {
            (Some(one), Some(other)) if one != other => peer,
            (Some(client), _) | (None, Some(client)) => client,
            (None, None) => peer,
        }
    }

    /// The last address of the chain in `name` that is no proxy's; none if it can't be read.
    fn last_stranger(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        name: &HeaderName,
        read: fn(&str) -> Option<IpAddr>,
    ) -> Option<IpAddr> {
        let mut client = peer;
        let lines = headers.get_all(name).iter().collect::<Vec<_>>();
        let entries = lines.iter().rev().flat_map(|line| {
            let text = line.to_str().unwrap_or("unreadable");
            text.rsplit(',').map(str::trim)
        });
        for (index, entry) in entries.enumerate() {
            client = read(entry).filter(|_| index < CHAIN_MAX)?;
            if !self.contains(client) {
                break;
            }
        }
        Some(client)
    }
}

/// An address as proxies write it: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn node(text: &str) -> Option<IpAddr> {
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let address = text.parse().ok().or_else(with_port).or_else(bare)?;
    Some(address.to_canonical())
}

/// The `for` of one element of `Forwarded`: `for=192.0.2.1;proto=https`, `For="[2001:db8::1]"`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let value = element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value.trim())
    })?;
    let unquoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    node(unquoted.unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const PEER: &str = "10.0.0.1";

    fn client(peer: &str, lines: &[(&'static str, &'static str)]) -> String {
        let proxies = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let proxies = TrustedProxies::new(proxies.to_vec());
        proxies.client_of(peer.parse().unwrap(), &headers).to_string()
    }

    fn forwarded(value: &'static str) -> String {
        client(PEER, &[("x-forwarded-for", value)])
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(client("203.0.113.9", &[("x-forwarded-for", "192.0.2.1")]), "203.0.113.9");
        assert_eq!(client("::ffff:203.0.113.9", &[("forwarded", "for=192.0.2.1")]), "203.0.113.9");
    }

    #[test]
    fn the_client_is_the_rightmost_address_that_is_no_proxy() {
        assert_eq!(forwarded("192.0.2.1"), "192.0.2.1");
        assert_eq!(forwarded("1.1.1.1, 192.0.2.1"), "192.0.2.1", "the left is the client's own");
        assert_eq!(forwarded("1.1.1.1,192.0.2.1, 10.0.0.7"), "192.0.2.1");
        assert_eq!(forwarded("10.0.0.9, 10.0.0.7"), "10.0.0.9", "all are proxies");
        assert_eq!(forwarded("192.0.2.1:4711"), "192.0.2.1");
        assert_eq!(forwarded("[2001:db8::1]:4711"), "2001:db8::1");
        assert_eq!(forwarded("::ffff:192.0.2.1"), "192.0.2.1");
        let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "192.0.2.1, fd00::1")];
        assert_eq!(client(PEER, &lines), "192.0.2.1", "several lines are one list");
    }

    #[test]
    fn forwarded_is_read_as_well() {
        for (value, expected) in [
            ("for=192.0.2.1", "192.0.2.1"),
            ("for=1.1.1.1, For=\"[2001:db8::1]:80\";proto=https", "2001:db8::1"),
            ("proto=https;for=192.0.2.1;by=10.0.0.1, for=10.0.0.7", "192.0.2.1"),
            ("for=unknown", PEER),
            ("for=_hidden", PEER),
            ("by=192.0.2.1", PEER),
        ] {
            assert_eq!(client(PEER, &[("forwarded", value)]), expected, "{value}");
        }
    }

    #[test]
    fn what_can_not_be_read_counts_for_nothing() {
        for value in
            ["", "unknown", "192.0.2.1, nonsense", "192.0.2.1,", "999.0.0.1", "-1", "a:b:c"]
        {
            assert_eq!(forwarded(value), PEER, "{value}");
        }
        let lines = [("x-forwarded-for", "nonsense"), ("forwarded", "for=192.0.2.1")];
        assert_eq!(client(PEER, &lines), PEER, "one bad chain is not made good by another");
        let lines = [("x-forwarded-for", "192.0.2.7"), ("forwarded", "for=192.0.2.1")];
        assert_eq!(client(PEER, &lines), PEER, "one of them is the client's own");
        let lines = [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.1")];
        assert_eq!(client(PEER, &lines), "192.0.2.1");
        assert_eq!(client(PEER, &[("x-forwarded-for", "192.0.2.1, \u{e9}")]), PEER);
        let long: &'static str = Box::leak("10.0.0.2, ".repeat(99).into_boxed_str());
        assert_eq!(forwarded(long.trim_end_matches([',', ' '])), PEER);
    }
}
