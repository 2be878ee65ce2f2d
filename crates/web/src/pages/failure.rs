//! Pages for what went wrong: each says what it was and what to do next.

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use http_kit::problem;
use kernel::{Kind, Refusal};

use super::see_other;
use crate::api::Failed;
use crate::parts::layout::Page;
use crate::session::{Visitor, return_to};

/// The page, or the one for its failure.
pub(crate) fn answer(visitor: &Visitor, shown: Result<Response, Failed>) -> Response {
    shown.unwrap_or_else(|failed| page(visitor, &failed))
}

/// The page for a failure that has no better place.
pub(crate) fn page(visitor: &Visitor, failed: &Failed) -> Response {
    match failed {
        Failed::SignedOut => see_other(&sign_in_for(visitor.here()), []),
        _ if failed.is_not_found() => not_found(visitor),
        Failed::Refused(refused) if refused.status == StatusCode::TOO_MANY_REQUESTS => {
            show(visitor, refused.status, ["too-many", "too-many-next"])
        }
        Failed::Refused(refused) => show(visitor, refused.status, ["refused", "refused-next"]),
        Failed::Away { is_in_doubt } => {
            let next = after_away(visitor, *is_in_doubt);
            show(visitor, StatusCode::SERVICE_UNAVAILABLE, ["away", next])
        }
    }
}

/// What is next when something is away. Who only asked for a page has nothing to be in doubt about.
fn after_away(visitor: &Visitor, is_in_doubt: bool) -> &'static str {
    if is_in_doubt && !visitor.only_asks { "away-doubt" } else { "away-next" }
}

/// The page for what the edge refuses, before or in place of an answer of ours. What only asked for
/// a page can be tried again by a link.
pub(crate) fn of_refusal(visitor: &Visitor, refusal: &Refusal) -> Response {
    let texts = match refusal.kind {
        Kind::NotFound | Kind::MethodNotAllowed => ["not-found", "not-found-next"],
        Kind::TooManyRequests => ["too-many", "too-many-next"],
        Kind::TooLarge => ["too-large", "too-large-next"],
        Kind::UriTooLong | Kind::HeadersTooLarge => ["too-long", "too-long-next"],
        Kind::RequestTimeout => ["too-slow", "too-slow-next"],
        Kind::Forbidden => ["elsewhere", "elsewhere-next"],
        Kind::Unavailable if refusal.code == "overloaded" => ["busy", "busy-next"],
        Kind::Unavailable => ["away", "away-next"],
        Kind::Timeout | Kind::BadGateway => ["away", after_away(visitor, true)],
        Kind::Internal => ["broken", "broken-next"],
        Kind::Invalid
        | Kind::Unauthenticated
        | Kind::PaymentDeclined
        | Kind::Conflict
        | Kind::UnsupportedMediaType => ["refused", "refused-next"],
    };
    let passes = matches!(refusal.kind, Kind::TooManyRequests | Kind::Unavailable | Kind::Timeout);
    let again = (visitor.only_asks && passes).then(|| return_to(visitor.here()));
    show_with(visitor, problem::status_of(refusal.kind), texts, again)
}

/// The page for an address that leads nowhere, or to what isn't this visitor's.
pub(crate) fn not_found(visitor: &Visitor) -> Response {
    show(visitor, StatusCode::NOT_FOUND, ["not-found", "not-found-next"])
}

/// The page for a form without its token: it comes from elsewhere, or its cookie is gone.
pub(crate) fn stale_form(visitor: &Visitor) -> Response {
    show(visitor, StatusCode::FORBIDDEN, ["stale-form", "stale-form-next"])
}

/// What a code of [`crate::parts::note`] says of a failure that the page before can tell.
pub(crate) fn note_of(failed: &Failed) -> &'static str {
    match failed {
        Failed::Away { is_in_doubt: true } => "in-doubt",
        Failed::Away { is_in_doubt: false } => "away",
        Failed::Refused(refused) if refused.status == StatusCode::TOO_MANY_REQUESTS => "too-soon",
        _ => "conflict",
    }
}

/// Where somebody signs in who wants to go on at `path`.
pub(crate) fn sign_in_for(path: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    format!("/sign-in?{}", query.append_pair("return_to", path).finish())
}

fn show(visitor: &Visitor, status: StatusCode, texts: [&'static str; 2]) -> Response {
    show_with(visitor, status, texts, None)
}

/// A page about a failure, with a way to try `again`, where that is as easy as following a link.
fn show_with(
    visitor: &Visitor,
    status: StatusCode,
    [title, next]: [&'static str; 2],
    again: Option<&str>,
) -> Response {
    let language = visitor.language;
    let content: Markup = html! {
        section.lost {
            p.lost-code aria-hidden="true" { (status.as_u16()) }
            h1 { (language.say(title)) }
            p.lead { (language.say(next)) }
            @if let Some(path) = again {
                p { a.button href=(path) { (language.say("look-again")) } }
                p { a href="/" { (language.say("find-tickets")) } }
            } @else {
                p { a.button href="/" { (language.say("find-tickets")) } }
            }
        }
    };
    let page = Page::new(visitor, language.say(title));
    Page { status, ..page }.fleeting().show(&content)
}
