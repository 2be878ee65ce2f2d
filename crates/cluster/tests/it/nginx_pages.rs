//! What nginx answers by itself to people: pages.

use std::net::SocketAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::client::{Answer, send};
use super::nginx::{Edge, nobody};
use super::upstream::{Manner, Upstream};

/// What a browser asks for when it goes somewhere.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// A browser's request, with these lines in its head.
fn browse(address: SocketAddr, method: &str, path: &str, lines: &str) -> Answer {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: exchange\r\nAccept: {BROWSER}\r\n\
         Content-Length: 0\r\nConnection: close\r\n{lines}\r\n"
    );
    send(address, &request)
}

/// A page of this status with this heading.
#[track_caller]
fn is_page(answer: &Answer, status: u16, heading: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert!(answer.body.contains(&format!("<h1>{heading}</h1>")), "{answer:?}");
    assert!(answer.body.contains(" href=/>"), "a way on: {answer:?}");
}

#[test]
fn who_goes_to_a_page_is_told_in_a_page() {
    let edge = Edge::before(&[nobody()]);
    let away = browse(edge.address, "GET", "/orders/1?from=a&to=b", "");
    is_page(&away, 503, "We’ll be right back");
    assert_eq!(away.header("retry-after"), "1");
    assert!(away.body.contains("nothing was changed"), "{away:?}");
    assert!(away.body.contains("href=\"/orders/1?from=a&to=b\">Try again</a>"), "{away:?}");
    is_page(&browse(edge.address, "GET", "/metrics", ""), 404, "There is nothing here");
    let sent = browse(edge.address, "POST", "/orders", "");
    is_page(&sent, 503, "We’ll be right back");
    assert!(!sent.body.contains("Try again</a>"), "a link would ask, not send: {sent:?}");
}

#[test]
fn who_may_have_changed_something_is_told_to_look() {
    let broken = Upstream::start("broken", Manner::HangsUp);
    let edge = Edge::before(&[broken.address]);
    let sent = browse(edge.address, "POST", "/orders", "");
    is_page(&sent, 502, "We’ll be right back");
    assert!(sent.body.contains("We don’t know whether that worked"), "{sent:?}");
    let asked = browse(edge.address, "GET", "/orders", "");
    assert!(asked.body.contains("nothing was changed"), "{asked:?}");
}

#[test]
fn it_speaks_as_the_rest_of_the_site_does() {
    let edge = Edge::before(&[nobody()]);
    let (english, german) = ("We’ll be right back", "Wir sind gleich wieder da");
    for (lines, heading) in [
        ("Accept-Language: de-DE,de;q=0.9,en;q=0.5\r\n", german),
        ("Accept-Language: de\r\n", german),
        ("Accept-Language: den-CA\r\n", english),
        ("Accept-Language: fr,en;q=0.5\r\n", english),
        ("Accept-Language: en\r\nCookie: a=b; language=de\r\n", german),
        ("Accept-Language: de\r\nCookie: language=en; a=b\r\n", english),
        ("Cookie: sublanguage=de\r\n", english),
    ] {
        is_page(&browse(edge.address, "GET", "/", lines), 503, heading);
    }
}

#[test]
fn programs_and_the_api_get_the_document() {
    let edge = Edge::before(&[nobody()]);
    let document = |answer: &Answer| {
        assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
    };
    document(&browse(edge.address, "GET", "/api/tickets", ""));
    for accept in ["*/*", "application/json, text/html;q=0.5", "text/html-like"] {
        let head = format!("GET / HTTP/1.1\r\nHost: exchange\r\nAccept: {accept}\r\n");
        document(&send(edge.address, &format!("{head}Connection: close\r\n\r\n")));
    }
}

/// A page's address is another's to choose: it must not become a way elsewhere, nor markup.
#[test]
fn an_address_stays_an_address() {
    let edge = Edge::before(&[nobody()]);
    for path in ["//elsewhere.example/", "/\"><script>", "/%22<b>", "http://elsewhere.example/"] {
        let answer = browse(edge.address, "GET", path, "");
        is_page(&answer, 503, "We’ll be right back");
        for bad in ["elsewhere", "<script", "<b>"] {
            assert!(!answer.body.contains(bad), "{path}: {answer:?}");
        }
    }
}

/// The policy names the only style by its hash: with another one the page would be plain.
#[test]
fn the_policy_allows_the_style_that_is_there_and_nothing_else() {
    let edge = Edge::before(&[nobody()]);
    let answer = browse(edge.address, "GET", "/", "");
    let (_, rest) = answer.body.split_once("<style>").unwrap();
    let (style, _) = rest.split_once("</style>").unwrap();
    let hash = BASE64_STANDARD.encode(Sha256::digest(style));
    assert_eq!(
        answer.header("content-security-policy"),
        format!("default-src 'none'; style-src 'sha256-{hash}'; frame-ancestors 'none'")
    );
}
