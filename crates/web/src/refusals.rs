//! What the edge refuses, as pages for people.

use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, Uri, header};
use http_kit::refusal_pages::RefusalPages;
use kernel::Refusal;

use crate::Web;
use crate::pages::failure;
use crate::session::Visitor;

/// What programs ask for, with the one answer that they know to all refusals.
const API: &str = "/api/";

impl RefusalPages for Web {
    fn are_for(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        !uri.path().starts_with(API) && prefers_page(headers)
    }

    fn show(&self, head: &Parts, refusal: &Refusal) -> Response {
        failure::of_refusal(&Visitor::of(head, self), refusal)
    }
}

/// Whether `Accept` (RFC 9110, 12.5.1) names pages, and nothing for programs that it likes better.
/// Browsers that go somewhere do; scripts and other programs ask for data, or for anything.
pub(crate) fn prefers_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let accepted = accepted.unwrap_or_default();
    let page = weight(accepted, "text/html");
    let data = ["application/json", "application/problem+json"];
    page > 0.0 && data.iter().all(|kind| weight(accepted, kind) <= page)
}

/// How much `accepted` likes `kind`, which it has to name.
fn weight(accepted: &str, kind: &str) -> f32 {
    let named = accepted.split(',').take(32).filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_it = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(kind));
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        is_it.then(|| weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0)))
    });
    named.fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_for_who_asks_for_them() {
        for (accepted, is_page) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("Text/HTML", true),
            ("application/json;q=0.9, text/html", true),
            ("*/*", false),
            ("", false),
            ("application/json", false),
            ("application/json, text/html;q=0.5", false),
            ("application/problem+json, text/html; q=0.5", false),
            ("text/html;q=0, */*", false),
            ("text/html;q=much", false),
            ("text/html-like", false),
            ("text/event-stream", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accepted.parse().unwrap());
            assert_eq!(prefers_page(&headers), is_page, "{accepted}");
        }
        assert!(!prefers_page(&HeaderMap::new()));
    }
}
