//! What hyper answers by itself, before a request exists that the edge could refuse: 400 for a
//! head that is no HTTP, 414 and 431 for one that is too long. Those answers have no body. Here
//! they get one: the problem document that every refusal has.
//!
//! There is no request, so the document has no path. An answer of ours is never mistaken for a
//! bare one: none with such a status is empty.

use kernel::{Clock, SystemClock};

use crate::problem;

const END: &[u8] = b"\r\n\r\n";
const BEGIN: &[u8] = b"HTTP/1.";
const EMPTY: &[u8] = b"\r\ncontent-length: 0\r\n";

/// What to write in place of bytes that end in a bare answer.
pub(crate) struct Instead {
    /// What to write.
    pub(crate) bytes: Vec<u8>,
    /// How much of it is written.
    pub(crate) written: usize,
    /// How many bytes it stands for.
    pub(crate) stands_for: usize,
}

/// What to write in place of `bytes`, if they end in a bare answer.
pub(crate) fn instead_of(bytes: &[u8]) -> Option<Instead> {
    // nearly every write ends in a body and is none of this module's business
    if !bytes.ends_with(END) {
        return None;
    }
    let start = bytes.windows(BEGIN.len()).rposition(|window| window == BEGIN)?;
    let head = bytes.get(start..)?;
    if !head.windows(EMPTY.len()).any(|window| window == EMPTY) {
        return None;
    }
    let status = std::str::from_utf8(head.get(9..12)?).ok()?;
    let status = match status {
        "400" => http::StatusCode::BAD_REQUEST,
        "414" => http::StatusCode::URI_TOO_LONG,
        "431" => http::StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        _ => return None,
    };
    let document = problem::document(&problem::refusal_of(status), "", SystemClock.now());
    let head = format!(
        "HTTP/1.1 {} {}\r\ncontent-type: application/problem+json\r\nconnection: close\r\n\
         x-content-type-options: nosniff\r\ncontent-length: {}\r\n\r\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default(),
        document.len()
    );
    let bytes_before = bytes.get(..start)?;
    let written = [bytes_before, head.as_bytes(), document.as_bytes()].concat();
    Some(Instead { bytes: written, written: 0, stands_for: bytes.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(bytes: &str) -> Option<String> {
        instead_of(bytes.as_bytes()).map(|instead| String::from_utf8(instead.bytes).unwrap())
    }

    #[test]
    fn a_bare_answer_gets_a_body_and_what_came_before_stays() {
        let bare = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\
                    content-length: 0\r\ndate: Sun, 22 Nov 2026 21:00:00 GMT\r\n\r\n";
        let before = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]";
        let text = rewritten(&format!("{before}{bare}")).unwrap();
        let answer = text.strip_prefix(before).unwrap();
        assert!(answer.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"), "{answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
        assert!(body.contains(r#""type":"/errors/headers-too-large""#), "{body}");
    }

    #[test]
    fn other_answers_stay_as_they_are() {
        for bytes in [
            "",
            "\r\n\r\n",
            "HTTP/1.\r\n\r\n",
            "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 7\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 7\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
        ] {
            assert!(rewritten(bytes).is_none(), "{bytes}");
        }
    }
}
