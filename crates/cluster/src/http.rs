//! The few requests that starting servers takes, without a client library: one connection each,
//! and a bound on what is read.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, ensure};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much of an answer is read.
const ANSWER_MAX: u64 = 1024 * 1024;

/// The status of the answer to a request without a body; `authorization` is that header's value.
pub(crate) fn status(
    method: &str,
    address: &str,
    path: &str,
    authorization: &str,
) -> anyhow::Result<u16> {
    ask(method, address, path, authorization).map(|(status, _body)| status)
}

/// The body of the answer to such a request, if that is 200.
pub(crate) fn body(address: &str, path: &str, authorization: &str) -> anyhow::Result<String> {
    let (status, body) = ask("GET", address, path, authorization)?;
    ensure!(status == 200, "GET {path} at {address} answers {status}");
    Ok(body)
}

/// The answer's status and its body, as it was sent.
pub(crate) fn ask(
    method: &str,
    address: &str,
    path: &str,
    authorization: &str,
) -> anyhow::Result<(u16, String)> {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: {authorization}\r\n\
         content-length: 0\r\nconnection: close\r\n\r\n"
    );
    let answer = exchange(resolve(address)?, request.as_bytes(), ANSWER_MAX)
        .with_context(|| format!("{method} {path} at {address}"))?;
    let text = String::from_utf8_lossy(&answer);
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.with_context(|| format!("{address} doesn't speak HTTP: {text:.80}"))?;
    let body = text.split_once("\r\n\r\n").map(|(_head, body)| body.to_owned());
    Ok((status, body.unwrap_or_default()))
}

/// The first bytes of the answer to `question`, as many as `wanted` or until its end.
pub(crate) fn exchange(
    address: SocketAddr,
    question: &[u8],
    wanted: u64,
) -> std::io::Result<Vec<u8>> {
    let mut connection = TcpStream::connect_timeout(&address, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    connection.write_all(question)?;
    let mut answer = Vec::new();
    connection.take(wanted).read_to_end(&mut answer)?;
    Ok(answer)
}

/// The first address of `host:port`.
pub(crate) fn resolve(address: &str) -> anyhow::Result<SocketAddr> {
    let mut all = address.to_socket_addrs().with_context(|| address.to_owned())?;
    all.next().with_context(|| format!("{address} has no address"))
}

/// What `scheme://user:password@host:port/…` says: credentials (perhaps none), then `host:port`.
pub(crate) fn parts(url: &str) -> anyhow::Result<(&str, &str)> {
    let (_scheme, rest) = url.split_once("://").with_context(|| format!("{url} is no URL"))?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    Ok(authority.rsplit_once('@').unwrap_or(("", authority)))
}

/// `user:password` as basic authentication has it: RFC 7617.
pub(crate) fn basic(credentials: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("Basic ");
    for group in credentials.as_bytes().chunks(3) {
        let bits = group.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = char::from(DIGITS[bits >> (18 - 6 * place) & 63]);
            text.push(if place <= group.len() { digit } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_parts() {
        let whole = parts("http://me:se%cret@host:15672/x?y@z").unwrap();
        assert_eq!(whole, ("me:se%cret", "host:15672"));
        assert_eq!(parts("redis://127.0.0.1:6379").unwrap(), ("", "127.0.0.1:6379"));
        assert!(parts("localhost").is_err());
    }

    #[test]
    fn credentials_are_written_in_base64() {
        // RFC 7617, section 2
        assert_eq!(basic("Aladdin:open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(basic("ticketing:ticketing"), "Basic dGlja2V0aW5nOnRpY2tldGluZw==");
        assert_eq!(basic("a:bc"), "Basic YTpiYw==");
        assert_eq!(basic(""), "Basic ");
    }
}
