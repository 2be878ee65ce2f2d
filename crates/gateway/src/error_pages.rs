//! `GET /errors/{code}`: what a refusal's `type` links to. The pages of `docs/errors`, as they
//! are: they read well as text.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http_kit::Error;
use kernel::{Kind, Refusal};

/// Code and page of every refusal; `README` is their list.
const PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Shows the page about a problem.
#[utoipa::path(
    get,
    path = "/errors/{code}",
    tag = "operation",
    params(("code" = String, Path, description = "The last part of a problem's `type`.")),
    responses(
        (status = 200, description = "The page.", body = String, content_type = "text/markdown"),
        (status = 404, description = "`unknown-path`: there is no such problem."),
    ),
    security(()),
)]
pub(super) async fn page(Path(code): Path<String>) -> Response {
    match find(&code) {
        Some(text) => ([("content-type", "text/markdown; charset=utf-8")], text).into_response(),
        None => {
            let detail = "There is no such code.";
            Error::from(Refusal::new(Kind::NotFound, "unknown-path", detail)).into_response()
        }
    }
}

/// Lists all problems.
#[utoipa::path(
    get,
    path = "/errors",
    tag = "operation",
    responses(
        (status = 200, description = "The list.", body = String, content_type = "text/markdown"),
    ),
    security(()),
)]
pub(super) async fn list() -> Response {
    page(Path("README".to_owned())).await
}

fn find(code: &str) -> Option<&'static str> {
    PAGES.iter().find(|(known, _)| *known == code).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_are_in_the_program() {
        assert!(find("internal").unwrap().starts_with("# `internal` · 500\n"));
        assert!(find("README").unwrap().starts_with("# Errors\n"));
        for unknown in ["", "no-such-code", "../errors/internal", "internal.md"] {
            assert!(find(unknown).is_none(), "{unknown}");
        }
    }
}
