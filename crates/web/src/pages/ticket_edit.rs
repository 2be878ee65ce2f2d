//! `/tickets/{id}/edit`: changing a ticket, as long as nobody has reserved it.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use kernel::TicketId;
use maud::html;

use super::{failure, see_other, sign_in};
use crate::Web;
use crate::api::tickets::Ticket;
use crate::api::{Api, Failed};
use crate::forms::{Form, Post};
use crate::parts::layout::Page;
use crate::parts::offer::{self, Faults};
use crate::parts::{hidden, note};
use crate::session::Visitor;

pub(crate) async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = TicketId::parse(&id) else { return failure::not_found(&visitor) };
    failure::answer(&visitor, stored(&web, &visitor, id).await)
}

/// The ticket, if this visitor may change it now; what to show instead otherwise.
async fn changeable(
    web: &Web,
    visitor: &Visitor,
    id: TicketId,
) -> Result<Result<Ticket, Response>, Failed> {
    let api = Api::new(web, visitor);
    let (ticket, user) = tokio::join!(api.ticket(id), api.user());
    let (ticket, user) = (ticket?, user?);
    Ok(if ticket.user_id != user.id {
        Err(failure::not_found(visitor))
    } else if ticket.order_id.is_some() {
        Err(see_other(&note::with(&format!("/tickets/{id}"), "held"), []))
    } else {
        Ok(ticket)
    })
}

/// The form with what was typed, after another change has come first: sent once more, it goes on
/// from there.
async fn outrun(
    web: &Web,
    visitor: &Visitor,
    id: TicketId,
    typed: &Form,
) -> Result<Response, Failed> {
    let ticket = match changeable(web, visitor, id).await? {
        Ok(ticket) => ticket,
        Err(instead) => return Ok(instead),
    };
    let form = typed.clone().with("version", ticket.version.to_string());
    Ok(page(web, visitor, id, &form, &Faults::new(), "outrun"))
}

/// The form with what is stored.
async fn stored(web: &Web, visitor: &Visitor, id: TicketId) -> Result<Response, Failed> {
    let ticket = match changeable(web, visitor, id).await? {
        Ok(ticket) => ticket,
        Err(instead) => return Ok(instead),
    };
    let form = Form::default()
        .with("title", ticket.title)
        .with("price", visitor.language.amount(ticket.price, ticket.currency))
        .with("description", ticket.description.unwrap_or_default())
        .with("version", ticket.version.to_string());
    Ok(page(web, visitor, id, &form, &Faults::new(), ""))
}

/// The form with what was typed, and with a sentence above it.
pub(crate) fn page(
    web: &Web,
    visitor: &Visitor,
    id: TicketId,
    form: &Form,
    faults: &Faults,
    code: &str,
) -> Response {
    let language = visitor.language;
    let content = html! {
        div.narrow {
            h1 { (language.say("edit-page")) }
            p.lead { (language.say("edit-lead")) }
            @if let Some(note) = note::of(language, code) { (note) }
            form method="post" action={ "/tickets/" (id) "/edit" } data-once data-check {
                (hidden(visitor))
                input type="hidden" name="version" value=(form.get("version"));
                (offer::fields(language, form, faults, web.terms.currency))
                p.row {
                    button { (language.say("edit-button")) }
                    a.button.quiet href={ "/tickets/" (id) } { (language.say("never-mind")) }
                }
            }
        }
    };
    let page = Page::new(visitor, language.say("edit-page")).fleeting();
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    Page { status, ..page }.show(&content)
}

pub(crate) async fn save(
    State(web): State<Web>,
    Path(id): Path<String>,
    Post { visitor, form }: Post,
) -> Response {
    let Ok(id) = TicketId::parse(&id) else { return failure::not_found(&visitor) };
    let offer = match offer::read(&form) {
        Ok(offer) => offer,
        Err(faults) => return page(&web, &visitor, id, &form, &faults, ""),
    };
    let version = form.get("version").parse().unwrap_or_default();
    let here = format!("/tickets/{id}");
    let failed = match Api::new(&web, &visitor).edit(id, &offer, version).await {
        Ok(()) => return see_other(&note::with(&here, "edited"), []),
        Err(failed) => failed,
    };
    match (&failed, failed.code()) {
        (Failed::SignedOut, _) => {
            sign_in::interrupted(&web, &visitor, &format!("{here}/edit"), &form).await
        }
        (Failed::Refused(refused), "validation") => {
            page(&web, &visitor, id, &form, &offer::faults_of(refused), "")
        }
        (_, "ticket-held" | "ticket-withdrawn") => see_other(&note::with(&here, "held"), []),
        (_, "stale-version") => failure::answer(&visitor, outrun(&web, &visitor, id, &form).await),
        _ if failed.is_not_found() => failure::not_found(&visitor),
        _ => page(&web, &visitor, id, &form, &Faults::new(), failure::note_of(&failed)),
    }
}
