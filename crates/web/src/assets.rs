//! The files that pages use: hashed into their names, so that a browser keeps them for good, and
//! compressed once.

use std::io::Write;
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

use crate::Web;

/// How long a browser keeps what has no hash in its name.
const A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");

const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

const ROBOTS: &str = "User-agent: *\nDisallow: /api/\nDisallow: /self-service/\nDisallow: /orders\n\
    Disallow: /sales\nDisallow: /my/\nDisallow: /account\n";

/// A file under a name that changes with its content.
pub(crate) struct Asset {
    /// Where it is.
    pub(crate) path: String,
    kind: HeaderValue,
    plain: Bytes,
    compressed: Bytes,
}

/// The style sheet.
pub(crate) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("site", "css", "text/css", include_str!("../assets/site.css")));

/// The script.
pub(crate) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("site", "js", "text/javascript", include_str!("../assets/site.js"))
});

static ICON: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("favicon", "svg", "image/svg+xml", include_str!("../assets/favicon.svg"))
});

static MANIFEST: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("../assets/site.webmanifest");
    Asset::new("site", "webmanifest", "application/manifest+json", text)
});

impl Asset {
    fn new(name: &str, extension: &str, kind: &str, text: &'static str) -> Self {
        let hash: String =
            Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let kind = HeaderValue::from_str(&format!("{kind}; charset=utf-8"));
        Self {
            path: format!("/assets/{name}.{hash}.{extension}"),
            kind: kind.unwrap_or(HeaderValue::from_static("application/octet-stream")),
            plain: Bytes::from_static(text.as_bytes()),
            compressed: compress(text.as_bytes()),
        }
    }

    fn answer(&self, headers: &HeaderMap, cached: HeaderValue) -> Response {
        let takes_gzip = headers.get(header::ACCEPT_ENCODING).is_some_and(|value| {
            // the edge has made the one form of it that means yes
            value.to_str().is_ok_and(|value| value.contains("gzip"))
        });
        let body = if takes_gzip { &self.compressed } else { &self.plain };
        let mut response = Response::new(Body::from(body.clone()));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, self.kind.clone());
        headers.insert(header::CACHE_CONTROL, cached);
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if takes_gzip {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

/// Compressed as well as it goes; plain bytes always compress into memory.
fn compress(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    Bytes::from(written.unwrap_or_default())
}

pub(crate) fn router() -> Router<Web> {
    Router::new()
        .route("/assets/{name}", get(asset))
        .route("/favicon.svg", get(async |headers: HeaderMap| ICON.answer(&headers, A_DAY)))
        .route("/favicon.ico", get(async |headers: HeaderMap| ICON.answer(&headers, A_DAY)))
        .route(
            "/site.webmanifest",
            get(async |headers: HeaderMap| MANIFEST.answer(&headers, A_DAY)),
        )
        .route("/robots.txt", get(async || ([(header::CACHE_CONTROL, A_DAY)], ROBOTS)))
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let all = [&*STYLE, &*SCRIPT];
    let wanted = all.into_iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(&name));
    match wanted {
        Some(asset) => asset.answer(&headers, FOR_GOOD),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
