//! `/`: finding tickets.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use maud::{Markup, html};

use super::failure;
use crate::Web;
use crate::api::tickets::{Key, TicketPage, Wanted};
use crate::api::{Api, Failed};
use crate::forms::Form;
use crate::parts::icon::{self, icon};
use crate::parts::layout::Page;
use crate::parts::ticket_card::ticket_card;
use crate::parts::{moment, offer, state};
use crate::session::Visitor;
use crate::texts::Language;

/// Between the keys of a page's start, in its address.
const BETWEEN: char = '~';

/// The fields of the search, as they stand in the next page's address.
const SEARCHED: [&str; 5] = ["q", "min", "max", "free", "sort"];

/// The longest text that is searched for, in characters.
const WORDS_MAX: usize = 200;

pub(crate) async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response {
    let form = Form::read(query.unwrap_or_default().as_bytes());
    failure::answer(&visitor, page(&web, &visitor, &form).await)
}

async fn page(web: &Web, visitor: &Visitor, form: &Form) -> Result<Response, Failed> {
    let search = Search::read(form);
    let found = Api::new(web, visitor).tickets(&search.wanted).await?;
    let language = visitor.language;
    let window = moment::span(language, web.terms.window);
    let content = html! {
        section.hero {
            h1 { (language.say("home-title")) }
            p.lead { (language.fill("home-lead", &[("window", window.into())])) }
        }
        (search_form(language, form, &search, web.terms.currency.code()))
        (results(language, form, &search, &found))
        (state::templates(language))
    };
    Ok(Page::new(visitor, language.say("home-page")).show(&content))
}

/// What is searched for, and which of the fields can't be read.
struct Search {
    wanted: Wanted,
    faults: [Option<&'static str>; 2],
}

impl Search {
    fn read(form: &Form) -> Self {
        let price = |name: &str| form.typed(name).map(offer::price).transpose();
        let (least, most) = (price("min"), price("max"));
        let words = form.typed("q").map(|words| words.chars().take(WORDS_MAX).collect());
        let is_cheapest_first = form.get("sort") == "cheapest";
        let after = match (form.typed("after"), is_cheapest_first) {
            (Some(id), false) => vec![("id", id.to_owned())],
            (Some(both), true) => both
                .split_once(BETWEEN)
                .map(|(price, id)| vec![("price", price.to_owned()), ("id", id.to_owned())])
                .unwrap_or_default(),
            (None, _) => Vec::new(),
        };
        let faults = [least.as_ref().err().copied(), most.as_ref().err().copied()];
        let (least, most) = (least.ok().flatten(), most.ok().flatten());
        let is_free = form.typed("free").is_some();
        let wanted = Wanted { words, least, most, is_free, is_cheapest_first, seller: None, after };
        Self { wanted, faults }
    }

    /// Whether it may leave something out.
    fn is_narrow(&self) -> bool {
        let Wanted { words, least, most, is_free, .. } = &self.wanted;
        let is_faulty = self.faults.iter().any(Option::is_some);
        words.is_some() || least.is_some() || most.is_some() || *is_free || is_faulty
    }
}

fn search_form(language: Language, form: &Form, search: &Search, currency: &str) -> Markup {
    let sort = if search.wanted.is_cheapest_first { "cheapest" } else { "newest" };
    html! {
        form.search method="get" action="/" role="search" data-search {
            div.search-words {
                label.unseen for="q" { (language.say("search-label")) }
                (icon(icon::SEARCH))
                input #q name="q" type="search" value=(form.get("q")) maxlength="200"
                    placeholder=(language.say("search-placeholder")) autocomplete="off"
                    enterkeyhint="search";
                button { (language.say("search-button")) }
            }
            div.search-more {
                div.search-price role="group" aria-labelledby="range" {
                    span #range {
                        (language.fill("search-price", &[("currency", currency.into())]))
                    }
                    (bound(language, "min", form, search.faults[0]))
                    span aria-hidden="true" { "–" }
                    (bound(language, "max", form, search.faults[1]))
                }
                label.check {
                    input type="checkbox" name="free" value="1" checked[search.wanted.is_free];
                    span { (language.say("search-free")) }
                }
                label.pick {
                    span { (language.say("search-sort")) }
                    select name="sort" {
                        option value="newest" selected[sort == "newest"] {
                            (language.say("sort-newest"))
                        }
                        option value="cheapest" selected[sort == "cheapest"] {
                            (language.say("sort-cheapest"))
                        }
                    }
                }
            }
            div data-part="range" {
                @if let Some(fault) = search.faults.iter().flatten().next() {
                    p.fault #range-fault role="alert" { (language.say(fault)) }
                }
            }
        }
    }
}

fn bound(
    language: Language,
    name: &'static str,
    form: &Form,
    fault: Option<&'static str>,
) -> Markup {
    let label = if name == "min" { "search-min" } else { "search-max" };
    html! {
        input name=(name) inputmode="decimal" autocomplete="off" maxlength="12"
            value=(form.get(name)) aria-label=(language.say(label)) size="6"
            placeholder=(language.say(label)) aria-invalid=[fault.map(|_| "true")]
            aria-describedby=[fault.map(|_| "range-fault")];
    }
}

fn results(language: Language, form: &Form, search: &Search, found: &TicketPage) -> Markup {
    let is_searched = search.is_narrow();
    html! {
        section.results data-part="results" aria-labelledby="results" {
            h2 #results {
                @if is_searched { (language.say("results-found")) }
                @else { (language.say("results-all")) }
            }
            @if found.results.is_empty() {
                (nothing(language, is_searched))
            } @else {
                ul.tickets data-list {
                    @for ticket in &found.results { (ticket_card(language, ticket)) }
                }
            }
            @if let Some(next) = &found.next {
                p.more {
                    a.button.quiet rel="next" data-more href=(next_page(form, next)) {
                        (language.say("results-more"))
                    }
                }
            }
        }
    }
}

fn nothing(language: Language, is_searched: bool) -> Markup {
    html! {
        div.empty {
            @if is_searched {
                p {
                    strong { (language.say("results-none")) } " "
                    (language.say("results-none-next"))
                }
                p { a.button.quiet href="/" { (language.say("results-reset")) } }
            } @else {
                p {
                    strong { (language.say("results-empty")) } " "
                    (language.say("results-empty-next"))
                }
                p { a.button href="/sell" { (language.say("sell-page")) } }
            }
        }
    }
}

/// The address of the page that starts where this one ends.
fn next_page(form: &Form, next: &[Key]) -> String {
    let mut query = form_urlencoded::Serializer::for_suffix(String::from("/?"), 2);
    for name in SEARCHED {
        if let Some(value) = form.typed(name) {
            query.append_pair(name, value);
        }
    }
    // the sort's key comes first, then the id
    let of = |id: bool| next.iter().filter(move |key| (key.key == "id") == id);
    let keys: Vec<_> = of(false).chain(of(true)).map(|key| &*key.value).collect();
    query.append_pair("after", &keys.join(&BETWEEN.to_string()));
    query.finish()
}
