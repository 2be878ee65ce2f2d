//! What changes in the headers on the way through.

use std::net::IpAddr;

use http::header::{
    CONNECTION, EXPECT, FORWARDED, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Headers that are about one connection (RFC 9110, 7.6.1), beside those that `Connection` names.
const OF_ONE_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Where a request comes from.
pub(super) struct Origin {
    /// The other end of its connection.
    pub(super) peer: Option<IpAddr>,
    /// Whether that is a proxy that is believed.
    pub(super) is_trusted: bool,
    /// Whether clients reach the exchange by HTTPS.
    pub(super) is_https: bool,
}

/// Makes a client's headers those of a request to a service. `Host` stays: services compare it
/// with `Origin`.
pub(super) fn towards_service(headers: &mut HeaderMap, origin: &Origin) {
    remove_hops(headers);
    // the body is here already
    headers.remove(EXPECT);
    // the place in the trace is ours from here on
    headers.remove(TRACEPARENT);
    let scheme = if origin.is_https { "https" } else { "http" };
    if !origin.is_trusted || !headers.contains_key(X_FORWARDED_PROTO) {
        headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(scheme));
    }
    if (!origin.is_trusted || !headers.contains_key(X_FORWARDED_HOST))
        && let Some(host) = headers.get(HOST).cloned()
    {
        headers.insert(X_FORWARDED_HOST, host);
    }
    if let Some(peer) = origin.peer {
        append_peer(headers, peer, scheme);
    }
}

/// Takes away what is about the connection to the service.
pub(super) fn towards_client(headers: &mut HeaderMap) {
    remove_hops(headers);
}

/// Each proxy appends whom it talked to. The chains that are there are prolonged, so that they
/// still say the same; without any there is one of `X-Forwarded-For`.
fn append_peer(headers: &mut HeaderMap, peer: IpAddr, scheme: &str) {
    let has_forwarded = headers.contains_key(FORWARDED);
    if has_forwarded {
        let node = match peer {
            IpAddr::V4(peer) => peer.to_string(),
            IpAddr::V6(peer) => format!("\"[{peer}]\""),
        };
        append(headers, FORWARDED, &format!("for={node};proto={scheme}"));
    }
    if !has_forwarded || headers.contains_key(X_FORWARDED_FOR) {
        append(headers, X_FORWARDED_FOR, &peer.to_string());
    }
}

fn append(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // addresses are always visible ASCII
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.append(name, value);
    }
}

fn remove_hops(headers: &mut HeaderMap) {
    let lines = headers.get_all(CONNECTION).iter().filter_map(|line| line.to_str().ok());
    let names = lines.flat_map(|line| line.split(','));
    let named: Vec<HeaderName> = names.filter_map(|name| name.trim().parse().ok()).collect();
    for name in named.iter().filter(|name| **name != HOST).chain(&OF_ONE_HOP) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn passed(lines: &[(&'static str, &'static str)], is_trusted: bool) -> HeaderMap {
        let mut headers = headers(lines);
        let peer = "192.0.2.9".parse().ok();
        towards_service(&mut headers, &Origin { peer, is_trusted, is_https: false });
        headers
    }

    fn all(headers: &HeaderMap, name: &str) -> Vec<String> {
        let values = headers.get_all(name).iter();
        values.map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn what_is_about_one_connection_stays_behind() {
        let passed = passed(
            &[
                ("connection", "close, X-Own"),
                ("connection", "host"),
                ("keep-alive", "5"),
                ("te", "trailers"),
                ("transfer-encoding", "chunked"),
                ("upgrade", "websocket"),
                ("expect", "100-continue"),
                ("x-own", "1"),
                ("host", "shop.example"),
                ("origin", "https://shop.example"),
                ("authorization", "Bearer x"),
            ],
            false,
        );
        for gone in ["connection", "keep-alive", "te", "transfer-encoding", "upgrade", "x-own"] {
            assert!(!passed.contains_key(gone), "{gone}");
        }
        assert!(!passed.contains_key("expect"));
        for kept in ["host", "origin", "authorization"] {
            assert!(passed.contains_key(kept), "{kept}");
        }
    }

    #[test]
    fn each_chain_that_is_there_is_prolonged() {
        let peer = "192.0.2.9";
        assert_eq!(all(&passed(&[], false), "x-forwarded-for"), [peer]);
        let one = passed(&[("x-forwarded-for", "1.1.1.1")], true);
        assert_eq!(all(&one, "x-forwarded-for"), ["1.1.1.1", peer]);
        assert!(!one.contains_key("forwarded"));
        let other = passed(&[("forwarded", "for=1.1.1.1")], true);
        assert_eq!(all(&other, "forwarded"), ["for=1.1.1.1", "for=192.0.2.9;proto=http"]);
        assert!(!other.contains_key("x-forwarded-for"));
        let both = passed(&[("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "2.2.2.2")], false);
        assert_eq!(all(&both, "x-forwarded-for"), ["2.2.2.2", peer]);
        assert_eq!(all(&both, "forwarded").len(), 2);
    }

    #[test]
    fn a_stranger_does_not_say_by_what_scheme_it_came() {
        let said = [("x-forwarded-proto", "https"), ("x-forwarded-host", "evil"), ("host", "shop")];
        let stranger = passed(&said, false);
        assert_eq!(all(&stranger, "x-forwarded-proto"), ["http"]);
        assert_eq!(all(&stranger, "x-forwarded-host"), ["shop"]);
        assert_eq!(all(&passed(&said, true), "x-forwarded-proto"), ["https"]);
    }
}
