//! `/tickets/{id}/withdraw`: taking a ticket back, after a question.

use axum::extract::{Path, State};
use axum::response::Response;
use kernel::TicketId;
use maud::html;

use super::{failure, see_other};
use crate::Web;
use crate::api::{Api, Failed};
use crate::forms::Post;
use crate::parts::layout::Page;
use crate::parts::{hidden, note};
use crate::session::Visitor;

pub(crate) async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = TicketId::parse(&id) else { return failure::not_found(&visitor) };
    failure::answer(&visitor, page(&web, &visitor, id).await)
}

async fn page(web: &Web, visitor: &Visitor, id: TicketId) -> Result<Response, Failed> {
    let api = Api::new(web, visitor);
    let (ticket, user) = tokio::join!(api.ticket(id), api.user());
    let (ticket, user) = (ticket?, user?);
    if ticket.user_id != user.id {
        return Ok(failure::not_found(visitor));
    }
    if ticket.order_id.is_some() {
        return Ok(see_other(&note::with(&format!("/tickets/{id}"), "held"), []));
    }
    let language = visitor.language;
    let content = html! {
        div.narrow {
            h1 { (language.fill("withdraw-question", &[("title", (&*ticket.title).into())])) }
            p.lead { (language.say("withdraw-lead")) }
            form.row method="post" action={ "/tickets/" (id) "/withdraw" } data-once {
                (hidden(visitor))
                button.danger { (language.say("withdraw-button")) }
                a.button.quiet href={ "/tickets/" (id) } { (language.say("never-mind")) }
            }
        }
    };
    Ok(Page::new(visitor, language.say("withdraw-page")).fleeting().show(&content))
}

pub(crate) async fn withdraw(
    State(web): State<Web>,
    Path(id): Path<String>,
    Post { visitor, .. }: Post,
) -> Response {
    let Ok(id) = TicketId::parse(&id) else { return failure::not_found(&visitor) };
    let here = format!("/tickets/{id}");
    let failed = match Api::new(&web, &visitor).withdraw(id).await {
        Ok(()) => return see_other(&note::with("/my/tickets", "withdrawn"), []),
        Err(failed) => failed,
    };
    match failed.code() {
        "ticket-held" => see_other(&note::with(&here, "held"), []),
        _ if matches!(failed, Failed::SignedOut) => see_other(&failure::sign_in_for(&here), []),
        _ if failed.is_not_found() => failure::not_found(&visitor),
        _ => see_other(&note::with(&here, failure::note_of(&failed)), []),
    }
}
