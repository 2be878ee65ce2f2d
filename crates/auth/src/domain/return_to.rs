//! Where a browser goes after its form: never away from the exchange.

use std::fmt;

/// The longest address, in bytes.
const RETURN_TO_MAX: usize = 2048;

/// A path of the exchange, or an absolute URL of its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReturnTo(String);

impl ReturnTo {
    /// Reads an address as it was asked for; none if it may lead elsewhere. `public_url` is where
    /// the exchange is.
    ///
    /// Browsers read `\` as `/` and skip tabs and line breaks
    /// (<https://url.spec.whatwg.org/#concept-basic-url-parser>), so that `/\evil.example` and
    /// `/⇥/evil.example` name another host: only visible ASCII without `\` is taken.
    pub(crate) fn parse(text: &str, public_url: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if !is_plain || text.len() > RETURN_TO_MAX {
            return None;
        }
        let is_path = text.starts_with('/') && !text.starts_with("//");
        let is_ours = text
            .strip_prefix(origin_of(public_url))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']));
        (is_path || is_ours).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// One that was parsed before.
    pub(crate) const fn trusted(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Scheme, host and port of an absolute URL.
pub(crate) fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find(['/', '?', '#']).map_or(url.len(), |at| host + at);
    &url[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "https://tickets.example/app";

    #[test]
    fn what_stays_here_is_taken() {
        for good in [
            "/",
            "/orders?page=2#top",
            "/a//b",
            "/https://evil.example",
            "/@evil.example",
            "https://tickets.example",
            "https://tickets.example/orders",
            "https://tickets.example?x",
            "https://tickets.example//evil.example",
        ] {
            assert_eq!(ReturnTo::parse(good, HERE).as_ref().map(ReturnTo::as_str), Some(good));
        }
    }

    #[test]
    fn what_leads_elsewhere_is_not() {
        for bad in [
            "",
            "orders",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/a\r\nSet-Cookie: a=b",
            " /orders",
            "/a b",
            "/é",
            "https://evil.example",
            "https://evil.example/https://tickets.example",
            "https://tickets.example.evil.example/",
            "https://tickets.example@evil.example/",
            "https://tickets.example:8443/",
            "https://tickets.example\\@evil.example",
            "http://tickets.example/",
            "HTTPS://evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            &format!("/{}", "x".repeat(RETURN_TO_MAX)),
        ] {
            assert_eq!(ReturnTo::parse(bad, HERE), None, "{bad:?}");
        }
    }

    #[test]
    fn an_origin_has_no_path() {
        assert_eq!(origin_of("http://localhost:3000"), "http://localhost:3000");
        assert_eq!(origin_of("http://localhost:3000/a/b"), "http://localhost:3000");
        assert_eq!(origin_of("https://[::1]:8443?x"), "https://[::1]:8443");
    }
}
