//! Origins: where a page in a browser came from, exactly as browsers write it.

use std::str::FromStr;

/// A web origin (RFC 6454): `https://shop.example`, with a port only where it is not the default.
/// Browsers send it in one form only, so it is compared byte by byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WebOrigin(String);

impl WebOrigin {
    /// As browsers write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The origin of an address that may have a path, such as the public URL.
    ///
    /// # Errors
    /// [`NotAnOrigin`] when the address has no host, or one that no browser would write.
    pub fn of_url(url: &str) -> Result<Self, NotAnOrigin> {
        let (scheme, rest) = url.split_once("://").ok_or(NotAnOrigin)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (scheme, authority) = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
        let default = if scheme == "https" { ":443" } else { ":80" };
        let authority = authority.strip_suffix(default).unwrap_or(&authority);
        format!("{scheme}://{authority}").parse()
    }
}

impl std::fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that no browser would send as an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an origin as browsers send it, such as https://shop.example: http or https, a host \
     in lower case, no default port, no path"
)]
pub struct NotAnOrigin;

impl FromStr for WebOrigin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let (authority, default_port) = match text.split_once("://") {
            Some(("http", authority)) => (authority, "80"),
            Some(("https", authority)) => (authority, "443"),
            _ => return Err(NotAnOrigin),
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let is_port = |port: &str| {
            port != default_port && !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok()
        };
        let is_right = is_host(host) && port.is_none_or(is_port);
        if is_right { Ok(Self(text.to_owned())) } else { Err(NotAnOrigin) }
    }
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    !host.is_empty() && host.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_browsers_send() {
        for text in [
            "https://shop.example",
            "http://localhost:3000",
            "http://[::1]:8080",
            "https://xn--exmple-cua.com",
            "http://[::1]",
        ] {
            assert_eq!(text.parse::<WebOrigin>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "*",
            "null",
            "shop.example",
            "https://",
            "https://Shop.example",
            "https://shop.example/",
            "https://shop.example:443",
            "http://shop.example:80",
            "https://shop.example:",
            "https://shop.example:0",
            "https://shop.example:99999",
            "ftp://shop.example",
            "https://*.example",
            "https://a b",
            "https://u@shop.example",
            "https://shop.example?x",
            "https://[zz]",
            "https://shop.example:+1",
        ] {
            assert_eq!(text.parse::<WebOrigin>(), Err(NotAnOrigin), "{text}");
        }
    }

    #[test]
    fn an_address_has_an_origin() {
        let of = |url| WebOrigin::of_url(url).map(|origin| origin.as_str().to_owned());
        assert_eq!(of("https://Shop.example:443/tickets?x#y").unwrap(), "https://shop.example");
        assert_eq!(of("http://127.0.0.1:8080").unwrap(), "http://127.0.0.1:8080");
        assert!(of("shop.example").is_err());
    }
}
