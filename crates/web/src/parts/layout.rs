//! What every page has: its head, the way around, and what browsers are told of it.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use maud::{DOCTYPE, Markup, html};

use super::icon::{self, icon};
use super::{hidden, note};
use crate::assets::{SCRIPT, STYLE};
use crate::session::Visitor;
use crate::texts::Language;

/// Nothing but our own files; no script and no style in the page itself.
const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
    manifest-src 'self'";

/// A page.
pub(crate) struct Page<'a> {
    pub(crate) visitor: &'a Visitor,
    pub(crate) title: Cow<'a, str>,
    pub(crate) status: StatusCode,
    /// Whether a browser that goes back asks again, rather than show what was true once.
    pub(crate) is_fleeting: bool,
    /// To be set with it.
    pub(crate) cookies: Vec<HeaderValue>,
}

impl<'a> Page<'a> {
    pub(crate) fn new(visitor: &'a Visitor, title: impl Into<Cow<'a, str>>) -> Self {
        let (status, cookies) = (StatusCode::OK, Vec::new());
        Self { visitor, title: title.into(), status, is_fleeting: false, cookies }
    }

    /// One that is not to be seen again without asking.
    pub(crate) fn fleeting(self) -> Self {
        Self { is_fleeting: true, ..self }
    }

    /// The page with this content.
    pub(crate) fn show(self, content: &Markup) -> Response {
        let html = self.html(content);
        let mut response = Response::new(Body::from(html.into_string()));
        *response.status_mut() = self.status;
        let kept = if self.is_fleeting { "private, no-store" } else { "private, no-cache" };
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, CSP),
            (header::CACHE_CONTROL, kept),
            // a form's POST says where it comes from, and nobody else is told
            (header::REFERRER_POLICY, "same-origin"),
            (HeaderName::from_static("content-language"), self.visitor.language.tag()),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        for cookie in self.cookies.into_iter().chain(self.visitor.fresh_cookie()) {
            headers.append(header::SET_COOKIE, cookie);
        }
        response
    }

    fn html(&self, content: &Markup) -> Markup {
        let language = self.visitor.language;
        let brand = language.say("brand");
        html! {
            (DOCTYPE)
            html lang=(language.tag()) {
                head {
                    meta charset="utf-8";
                    title { (self.title) " · " (brand) }
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="description" content=(language.say("site-description"));
                    meta name="color-scheme" content="light dark";
                    link rel="stylesheet" href=(STYLE.path);
                    link rel="icon" href="/favicon.svg" type="image/svg+xml";
                    link rel="manifest" href="/site.webmanifest";
                    script type="module" src=(SCRIPT.path) {}
                }
                // since then the page may have missed something
                body data-rendered=(self.visitor.now) {
                    a.skip href="#content" { (language.say("skip")) }
                    (self.header())
                    main #content tabindex="-1" {
                        @if let Some(note) = note::asked_for(self.visitor) { (note) }
                        (content)
                    }
                    (self.footer())
                    p #announce .unseen role="status" {}
                }
            }
        }
    }

    fn header(&self) -> Markup {
        let language = self.visitor.language;
        html! {
            header.top {
                div.wide {
                    a.brand href="/" { (icon::LOGO) span { (language.say("brand")) } }
                    nav aria-label=(language.say("nav-main")) {
                        ul {
                            li { (self.link("/sell", &language.say("nav-sell"))) }
                            @if self.visitor.is_signed_in {
                                li { (self.menu()) }
                            } @else {
                                li { (self.link("/sign-in", &language.say("nav-sign-in"))) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn menu(&self) -> Markup {
        let language = self.visitor.language;
        html! {
            details.menu {
                summary { (icon(icon::PERSON)) span { (language.say("nav-menu")) } }
                div {
                    ul {
                        li { (self.link("/orders", &language.say("nav-orders"))) }
                        li { (self.link("/my/tickets", &language.say("nav-my-tickets"))) }
                        li { (self.link("/sales", &language.say("nav-sales"))) }
                        li { (self.link("/account", &language.say("nav-account"))) }
                    }
                    form method="post" action="/sign-out" {
                        (hidden(self.visitor))
                        button.quiet { (language.say("nav-sign-out")) }
                    }
                }
            }
        }
    }

    fn link(&self, path: &str, text: &str) -> Markup {
        let is_here = self.visitor.uri.path() == path;
        html! { a href=(path) aria-current=[is_here.then_some("page")] { (text) } }
    }

    fn footer(&self) -> Markup {
        let language = self.visitor.language;
        let mut query = form_urlencoded::Serializer::new(String::new());
        let back = query.append_pair("return_to", self.visitor.here()).finish();
        html! {
            footer.bottom {
                div.wide {
                    p { (language.say("footer-sandbox")) }
                    nav aria-label=(language.say("nav-language")) {
                        ul {
                            @for other in Language::ALL {
                                li {
                                    a href={ "/language?to=" (other.tag()) "&" (back) }
                                        lang=(other.tag()) hreflang=(other.tag()) rel="nofollow"
                                        aria-current=[(other == language).then_some("true")] {
                                        (other.say("language-name"))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
