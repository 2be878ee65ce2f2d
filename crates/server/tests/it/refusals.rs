//! Every no is a problem document, also where there was no request yet, and every code has a page
//! that explains it, which the exchange serves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use http_kit::problem::status_of;
use kernel::Kind;
use serde_json::Value;
use testkit::TestPlatform;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::exchange;

/// What is sent on a connection, and everything that comes back.
async fn exchange_bytes(exchange: &TestPlatform, request: &[u8]) -> String {
    let address = exchange.url().strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).await.unwrap();
    let mut answer = Vec::new();
    let talk = async {
        // it may be cut off while it still sends
        let _cut_off = connection.write_all(request).await;
        let _reset = connection.read_to_end(&mut answer).await;
    };
    tokio::time::timeout(Duration::from_secs(20), talk).await.unwrap();
    String::from_utf8(answer).unwrap()
}

fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n").into_bytes()
}

fn post(headers: &str, body: &str) -> Vec<u8> {
    let head = "POST /api/tickets HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                Content-Type: application/json\r\n";
    format!("{head}{headers}\r\n{body}").into_bytes()
}

#[tokio::test]
async fn what_is_no_request_gets_a_problem_too() {
    let cases = [
        ("no HTTP", b"hello\r\n\r\n".to_vec(), 400, "malformed"),
        ("a broken header", get("/", "no colon\r\n"), 400, "malformed"),
        ("a broken path", b"GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), 400, "malformed"),
        ("half an escape", get("/api/tickets/%f", ""), 400, "validation"),
        ("no UTF-8", get("/api/tickets/%ff%fe", ""), 400, "validation"),
    ];
    check_all(&cases).await;
    let cases = [
        ("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"),
        ("Content-Length: two\r\n", "{}"),
        ("Transfer-Encoding: chunked\r\n", "zz\r\n{}"),
    ];
    check_all(&cases.map(|(headers, body)| (headers, post(headers, body), 400, "malformed"))).await;
}

#[tokio::test]
async fn what_is_too_large_gets_a_problem_that_says_what() {
    let get_long = |size| get(&format!("/{}", "x".repeat(size)), "");
    let header = |size| get("/", &format!("X-Long: {}\r\n", "x".repeat(size)));
    let many: String = (0..101).map(|number| format!("X-{number}: y\r\n")).collect();
    let announced = post("Content-Length: 1048577\r\nExpect: 100-continue\r\n", "");
    let sent = post("Content-Length: 1048577\r\n", &"x".repeat(1_048_577));
    let chunk = format!("200000\r\n{}\r\n0\r\n\r\n", "x".repeat(0x20_0000));
    let cases = [
        ("a long path", get_long(9_000), 414, "uri-too-long"),
        ("a far too long path", get_long(70_000), 431, "headers-too-large"),
        ("a large header", header(18_000), 431, "headers-too-large"),
        ("a far too large header", header(180_000), 431, "headers-too-large"),
        ("many headers", get("/", &many), 431, "headers-too-large"),
        ("a large body announced", announced, 413, "too-large"),
        ("a large body sent", sent, 413, "too-large"),
        ("a large chunk", post("Transfer-Encoding: chunked\r\n", &chunk), 413, "too-large"),
    ];
    check_all(&cases).await;
}

/// What nginx says where it is in front: it reads a path before it knows whom to ask, and has a
/// name of its own for one that it doesn't read to its end.
const BY_NGINX: &[(&str, u16, &str)] =
    &[("half an escape", 400, "malformed"), ("a far too long path", 414, "uri-too-long")];

async fn check_all(cases: &[(&str, Vec<u8>, u16, &str)]) {
    let exchange = exchange(&[]);
    for (name, request, status, code) in cases {
        let own = BY_NGINX.iter().find(|(of, ..)| of == name);
        let own = own.filter(|_| exchange.is_behind_nginx());
        let (status, code) = own.map_or((status, code), |(_, status, code)| (status, code));
        let answer = exchange_bytes(&exchange, request).await;
        let (head, body) =
            answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{name}: {answer:?}"));
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {answer}");
        let kind = "content-type: application/problem+json";
        assert!(head.to_lowercase().contains(kind), "{name}: {head}");
        let problem: Value = serde_json::from_str(body).unwrap();
        assert_eq!(problem["type"], format!("/errors/{code}"), "{name}");
        assert_eq!(problem["statusCode"], *status, "{name}");
        assert!(!head.contains("100 Continue"), "{name}: nothing is asked for that is refused");
    }
    exchange.anonymous().get("/api/tickets").await.expect(200);
}

#[tokio::test]
async fn the_link_in_a_problem_works() {
    let exchange = exchange(&[]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let problem = exchange.anonymous().get("/api/nothing").await.body;
    let link = problem["type"].as_str().unwrap();
    let page = client.get(format!("{}{link}", exchange.url())).send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/markdown; charset=utf-8");
    assert!(page.text().await.unwrap().starts_with("# `unknown-path` · 404\n"));
    let list = client.get(format!("{}/errors", exchange.url())).send().await.unwrap();
    assert!(list.text().await.unwrap().contains("unknown-path.md"));
    let unknown = exchange.anonymous().get("/errors/no-such-code").await;
    assert_eq!((unknown.status.as_u16(), unknown.problem()), (404, "unknown-path"));
}

/// The codes in the source, with their kinds where these stand beside them.
fn codes_in_the_source() -> BTreeMap<String, Option<String>> {
    let mut codes = BTreeMap::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap() {
        let mut files = Vec::new();
        rust_files(&entry.unwrap().path().join("src"), &mut files);
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            // `Kind::Conflict, "stale-version"`, over line breaks too
            for place in text.split("Kind::").skip(1) {
                let kind: String = place.chars().take_while(|c| c.is_alphanumeric()).collect();
                let rest = place[kind.len()..].strip_prefix(',').unwrap_or_default();
                // other `Kind`s there are (of spans, of flows) have other names, or name no code
                if let Some((code, _)) = literal(rest).filter(|(code, _)| is_code(code))
                    && KINDS.iter().any(|known| format!("{known:?}") == kind)
                {
                    codes.insert(code.to_owned(), Some(kind));
                }
            }
            // `not_found("ticket-not-found", ..)`
            for place in text.split("not_found(").skip(1) {
                if let Some((code, _)) = literal(place) {
                    codes.insert(code.to_owned(), Some("NotFound".to_owned()));
                }
            }
            // `("order-expired", "The time to pay is over.")`, in the rooms that speak HTTP
            let is_http = file.components().any(|part| part.as_os_str() == "http");
            for place in text.split('(').skip(1).filter(|_| is_http) {
                if let Some((code, rest)) = literal(place)
                    && let Some((sentence, _)) = rest.strip_prefix(',').and_then(literal)
                    && sentence.starts_with(char::is_uppercase)
                    && sentence.contains(' ')
                {
                    codes.entry(code.to_owned()).or_insert(None);
                }
            }
        }
    }
    codes
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The string at the beginning of some source, and what follows.
fn literal(source: &str) -> Option<(&str, &str)> {
    source.trim_start().strip_prefix('"')?.split_once('"')
}

#[test]
fn every_code_has_its_page_and_every_page_its_code() {
    let codes = codes_in_the_source();
    assert!(codes.len() > 30, "the source was read: {codes:?}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let list = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let pages: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|name| name != "README")
        .collect();
    assert_eq!(codes.keys().cloned().collect::<BTreeSet<_>>(), pages);
    for (code, kind) in &codes {
        let page = std::fs::read_to_string(folder.join(format!("{code}.md"))).unwrap();
        let heading = page.lines().next().unwrap();
        let status: u16 = heading.rsplit(' ').next().unwrap().parse().unwrap();
        if let Some(kind) = kind {
            assert_eq!(status, status_of(kind_named(kind)).as_u16(), "{code}");
        }
        assert!(page.starts_with(&format!("# `{code}` · {status}\n\n**")), "{code}: {page}");
        assert!(page.contains("\n**What to do.** "), "{code}");
        let row = format!("| [`{code}`]({code}.md) | {status} |");
        assert!(list.contains(&row), "README.md lacks {row}");
    }
}

const KINDS: [Kind; 17] = [
    Kind::Invalid,
    Kind::Unauthenticated,
    Kind::PaymentDeclined,
    Kind::Forbidden,
    Kind::NotFound,
    Kind::MethodNotAllowed,
    Kind::Timeout,
    Kind::BadGateway,
    Kind::RequestTimeout,
    Kind::TooManyRequests,
    Kind::UriTooLong,
    Kind::HeadersTooLarge,
    Kind::Conflict,
    Kind::TooLarge,
    Kind::UnsupportedMediaType,
    Kind::Unavailable,
    Kind::Internal,
];

fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

fn kind_named(name: &str) -> Kind {
    KINDS.into_iter().find(|kind| format!("{kind:?}") == name).unwrap_or_else(|| panic!("{name}"))
}
