//! `/sell`: listing a ticket.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use maud::html;

use super::{failure, see_other, sign_in};
use crate::Web;
use crate::api::{Api, Failed};
use crate::forms::{Form, Post};
use crate::parts::layout::Page;
use crate::parts::offer::{self, Faults};
use crate::parts::{ONCE, hidden, note, once};
use crate::session::Visitor;

pub(crate) async fn show(State(web): State<Web>, visitor: Visitor) -> Response {
    if !visitor.is_signed_in {
        return see_other(&failure::sign_in_for("/sell"), []);
    }
    page(&web, &visitor, &Form::default(), &Faults::new(), "")
}

/// The form with what was typed, and with a sentence above it.
pub(crate) fn page(
    web: &Web,
    visitor: &Visitor,
    form: &Form,
    faults: &Faults,
    code: &str,
) -> Response {
    let language = visitor.language;
    let content = html! {
        div.narrow {
            h1 { (language.say("sell-page")) }
            p.lead { (language.say("sell-lead")) }
            @if let Some(note) = note::of(language, code) { (note) }
            form method="post" action="/sell" data-once data-check {
                (hidden(visitor))
                (once(form.get(ONCE)))
                (offer::fields(language, form, faults, web.terms.currency))
                button { (language.say("sell-button")) }
            }
        }
    };
    let page = Page::new(visitor, language.say("sell-page")).fleeting();
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    Page { status, ..page }.show(&content)
}

pub(crate) async fn sell(State(web): State<Web>, Post { visitor, form }: Post) -> Response {
    let offer = match offer::read(&form) {
        Ok(offer) => offer,
        Err(faults) => return page(&web, &visitor, &form, &faults, ""),
    };
    match Api::new(&web, &visitor).sell(&offer, form.get(ONCE)).await {
        Ok(ticket) => see_other(&note::with(&format!("/tickets/{}", ticket.id), "listed"), []),
        Err(Failed::SignedOut) => sign_in::interrupted(&web, &visitor, "/sell", &form).await,
        Err(Failed::Refused(refused)) if refused.code == "validation" => {
            page(&web, &visitor, &form, &offer::faults_of(&refused), "")
        }
        // an earlier try, of which that wasn't known, has worked
        Err(failed) if failed.code() == "idempotency-key-reused" => {
            see_other(&note::with("/my/tickets", "listed-before"), [])
        }
        Err(failed) => {
            let form = if failed.may_pass() { form.clone() } else { form.clone().without(ONCE) };
            page(&web, &visitor, &form, &Faults::new(), failure::note_of(&failed))
        }
    }
}
