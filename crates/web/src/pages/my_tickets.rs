//! `/my/tickets`: what the visitor sells, and how each of it stands.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use maud::html;

use super::failure;
use crate::Web;
use crate::api::tickets::Wanted;
use crate::api::{Api, Failed};
use crate::forms::Form;
use crate::parts::layout::Page;
use crate::parts::state;
use crate::parts::ticket_card::ticket_card;
use crate::session::Visitor;

pub(crate) async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response {
    let form = Form::read(query.unwrap_or_default().as_bytes());
    failure::answer(&visitor, page(&web, &visitor, &form).await)
}

async fn page(web: &Web, visitor: &Visitor, form: &Form) -> Result<Response, Failed> {
    let api = Api::new(web, visitor);
    let seller = Some(api.user().await?.id);
    let after = form.typed("after").map(|id| ("id", id.to_owned())).into_iter().collect();
    let found = api.tickets(&Wanted { seller, after, ..Wanted::default() }).await?;
    let language = visitor.language;
    let next = found.next.as_ref().and_then(|keys| keys.iter().find(|key| key.key == "id"));
    let content = html! {
        div.heading {
            h1 { (language.say("mine-page")) }
            a.button href="/sell" { (language.say("sell-page")) }
        }
        section data-part="results" aria-labelledby="results" {
            h2.unseen #results { (language.say("mine-list")) }
            @if found.results.is_empty() {
                div.empty {
                    p {
                        strong { (language.say("mine-none")) } " "
                        (language.say("mine-none-next"))
                    }
                }
            } @else {
                ul.tickets data-list {
                    @for ticket in &found.results { (ticket_card(language, ticket)) }
                }
            }
            @if let Some(next) = next {
                p.more {
                    a.button.quiet rel="next" data-more
                        href={ "/my/tickets?after=" (next.value) } {
                        (language.say("results-more"))
                    }
                }
            }
        }
        (state::templates(language))
    };
    Ok(Page::new(visitor, language.say("mine-page")).fleeting().show(&content))
}
