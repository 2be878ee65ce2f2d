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

/// Longer than all that nginx reads.
const TOO_LONG: usize = 40_000;

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
    is_page(&browse(edge.address, "TRACE", "/", ""), 405, "There is nothing here");
    let coding = "Transfer-Encoding: gzip\r\n";
    is_page(&browse(edge.address, "GET", "/", coding), 400, "This can’t be done");
    let head = browse(edge.address, "HEAD", "/", "");
    assert_eq!((head.status, &*head.body), (503, ""));
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
    assert!(!sent.body.contains("Try again</a>"), "{sent:?}");
    assert_eq!(sent.header("retry-after"), "1");
    let asked = browse(edge.address, "GET", "/orders", "");
    assert!(asked.body.contains("nothing was changed"), "{asked:?}");
}

#[test]
fn what_is_too_large_or_too_often_is_told_in_a_page() {
    let service = Upstream::start("service", Manner::Answers);
    let edge = Edge::limited(&[service.address], (1, 3));
    let cookie = format!("Cookie: {}\r\n", "c".repeat(TOO_LONG));
    is_page(&browse(edge.address, "GET", "/", &cookie), 431, "Your browser sends too much");
    let head = format!("POST /sell HTTP/1.1\r\nHost: exchange\r\nAccept: {BROWSER}\r\n");
    let large = format!("{head}Content-Length: 1048577\r\n\r\n");
    is_page(&send(edge.address, &large), 413, "That is too much");
    let answers: Vec<_> = (0..10).map(|_| browse(edge.address, "GET", "/", "")).collect();
    let refused = answers.iter().find(|answer| answer.status != 200).unwrap();
    is_page(refused, 429, "One moment, please");
    assert_eq!(refused.header("retry-after"), "1");
    assert!(refused.body.contains("href=\"/\">Try again</a>"), "{refused:?}");
}

#[test]
fn it_speaks_the_first_language_that_the_site_has() {
    let edge = Edge::before(&[nobody()]);
    let (english, german) = ("We’ll be right back", "Wir sind gleich wieder da");
    for (lines, heading) in [
        ("Accept-Language: de-DE,de;q=0.9,en;q=0.5\r\n", german),
        ("Accept-Language: de\r\n", german),
        ("Accept-Language: fr,it;q=0.9, de-AT;q=0.8,en;q=0.1\r\n", german),
        ("Accept-Language: fr, en;q=0.8, de;q=0.7\r\n", english),
        ("Accept-Language: den-CA\r\n", english),
        ("Accept-Language: en\r\nCookie: a=x|de-DE\r\n", english),
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
    for path in [
        "//elsewhere.example/",
        "/&sol;elsewhere.example/",
        "/&Tab;/elsewhere.example/",
        "/&#47;elsewhere.example/",
        "/\\elsewhere.example/",
        "/\"><script>",
        "/%22<b>",
        "http://elsewhere.example/",
    ] {
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
