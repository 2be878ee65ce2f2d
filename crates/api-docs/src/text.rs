//! A large text that many read: compressed once, when the first asks for it so.

use std::io::Write;

use axum::body::Bytes;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::OnceCell;

/// A text, plain and compressed.
#[derive(Debug)]
pub(crate) struct Text {
    plain: Bytes,
    gzip: OnceCell<Option<Bytes>>,
}

impl Text {
    pub(crate) fn new(plain: Bytes) -> Self {
        Self { plain, gzip: OnceCell::new() }
    }

    /// For a client with these `headers`. The edge has put what it takes into one form.
    pub(crate) async fn to(&self, headers: &HeaderMap) -> Response {
        let takes_gzip = headers.get(ACCEPT_ENCODING).is_some_and(|takes| takes == "gzip");
        let compressed = if takes_gzip { self.compressed().await } else { None };
        let vary = (VARY, HeaderValue::from_static("accept-encoding"));
        match compressed {
            Some(bytes) => {
                let coding = (CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                ([vary, coding], bytes).into_response()
            }
            None => ([vary], self.plain.clone()).into_response(),
        }
    }

    /// It takes a while, so it happens where blocking harms nobody. None if it can't be done.
    async fn compressed(&self) -> Option<Bytes> {
        let compress = || async {
            let plain = self.plain.clone();
            tokio::task::spawn_blocking(move || gzip(&plain)).await.ok()?.ok()
        };
        self.gzip.get_or_init(compress).await.clone()
    }
}

fn gzip(plain: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::best());
    encoder.write_all(plain)?;
    encoder.finish().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[tokio::test]
    async fn who_takes_gzip_gets_the_same_text_smaller() {
        let words = "the same words again and again ".repeat(1000);
        let text = Text::new(words.clone().into());
        let mut headers = HeaderMap::new();
        assert!(text.to(&headers).await.headers().get(CONTENT_ENCODING).is_none());
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let response = text.to(&headers).await;
        assert_eq!(response.headers()[CONTENT_ENCODING], "gzip");
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert!(bytes.len() < words.len() / 10);
        let mut back = String::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut back).unwrap();
        assert_eq!(back, words);
    }
}
