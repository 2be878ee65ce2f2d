//! `/tickets/{id}`: what a ticket is and costs, whether it can be had, and reserving it.

use std::borrow::Cow;

use axum::extract::{Path, State};
use axum::response::Response;
use events::Order;
use kernel::TicketId;
use maud::{Markup, html};

use super::{failure, see_other};
use crate::Web;
use crate::api::tickets::{Availability, Ticket};
use crate::api::users::User;
use crate::api::{Api, Failed};
use crate::forms::Post;
use crate::parts::layout::Page;
use crate::parts::{ONCE, hidden, moment, note, once, state};
use crate::session::Visitor;

pub(crate) async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = TicketId::parse(&id) else { return failure::not_found(&visitor) };
    failure::answer(&visitor, page(&web, &visitor, id).await)
}

/// A ticket, as this visitor sees it.
struct Shown<'a> {
    visitor: &'a Visitor,
    ticket: Ticket,
    /// Who looks at it.
    user: Option<User>,
    /// The order that holds it, if this visitor may see it.
    order: Option<Order>,
    /// How long a buyer has to pay.
    window: Cow<'static, str>,
}

async fn page(web: &Web, visitor: &Visitor, id: TicketId) -> Result<Response, Failed> {
    let api = Api::new(web, visitor);
    let (ticket, user) = tokio::join!(api.ticket(id), api.user_if_any(visitor.is_signed_in));
    let (ticket, user) = (ticket?, user?);
    let order = match (ticket.order_id, &user) {
        (Some(order), Some(_)) => api.order(order).await.ok(),
        _ => None,
    };
    let window = moment::span(visitor.language, web.terms.window);
    let shown = Shown { visitor, ticket, user, order, window };
    let content = shown.content();
    Ok(Page::new(visitor, &*shown.ticket.title).show(&content))
}

impl Shown<'_> {
    fn is_owner(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.id == self.ticket.user_id)
    }

    fn is_holder(&self) -> bool {
        let user = self.user.as_ref().map(|user| user.id);
        self.order.as_ref().is_some_and(|order| Some(order.user_id) == user)
    }

    fn content(&self) -> Markup {
        let (language, ticket) = (self.visitor.language, &self.ticket);
        let state = ticket.availability();
        html! {
            article.big-ticket data-part="ticket" data-live-part data-live-ticket=(ticket.id)
                data-version=(ticket.version) {
                div.big-main {
                    p.eyebrow { (language.say("ticket-eyebrow")) }
                    h1 { (ticket.title) }
                    @if let Some(description) = &ticket.description {
                        p.prose { (description) }
                    } @else {
                        p.prose.faint { (language.say("ticket-no-description")) }
                    }
                    p.ticket-when {
                        (moment::around(language, "card-listed",
                            &moment::day(language, ticket.created_at)))
                    }
                }
                div.big-stub {
                    p.price.big { (language.price(ticket.price, ticket.currency)) }
                    p.hint { (language.say("ticket-in-full")) }
                    (state::availability(language, state))
                    (self.explained(state))
                    (self.actions(state))
                }
            }
            p { a.back href="/" { (language.say("back-to-tickets")) } }
        }
    }

    fn explained(&self, state: Availability) -> Markup {
        let language = self.visitor.language;
        let until = self.ticket.reserved_until;
        let is_holder = self.is_holder();
        html! {
            p.state-word {
                @match (state, until) {
                    (Availability::Free, _) => (language.say("ticket-free")),
                    (Availability::Reserved, _) if is_holder => (language.say("ticket-yours")),
                    (Availability::Reserved, Some(until)) => (moment::around(language,
                        "ticket-reserved-until", &moment::time_of_day(language, until))),
                    (Availability::Reserved, None) => (language.say("ticket-reserved")),
                    (Availability::Sold, _) if is_holder => (language.say("ticket-bought")),
                    (Availability::Sold, _) => (language.say("ticket-sold")),
                    (Availability::Withdrawn, _) => (language.say("ticket-withdrawn")),
                    (Availability::NotOnSale, _) => (language.say("ticket-not-on-sale")),
                }
            }
        }
    }

    fn actions(&self, state: Availability) -> Markup {
        let (language, id) = (self.visitor.language, self.ticket.id);
        html! {
            @if self.is_owner() {
                (self.of_owner(state))
            } @else if let Some(order) = self.order.as_ref().filter(|_| self.is_holder()) {
                a.button href={ "/orders/" (order.id) } { (language.say("ticket-to-order")) }
            } @else if state == Availability::Free {
                form method="post" action={ "/tickets/" (id) "/reserve" } data-once {
                    (hidden(self.visitor))
                    (once(&self.visitor.asks(ONCE)))
                    button.wide-button { (language.say("ticket-reserve")) }
                }
                p.hint {
                    (language.fill("ticket-reserve-hint", &[("window", (&*self.window).into())]))
                }
            } @else {
                a.button.quiet href="/" { (language.say("ticket-others")) }
            }
        }
    }

    fn of_owner(&self, state: Availability) -> Markup {
        let (language, id) = (self.visitor.language, self.ticket.id);
        html! {
            p.hint { (language.say("ticket-own")) }
            @match state {
                Availability::Free | Availability::NotOnSale => {
                    p.row {
                        a.button href={ "/tickets/" (id) "/edit" } { (language.say("ticket-edit")) }
                        a.button.quiet href={ "/tickets/" (id) "/withdraw" } {
                            (language.say("ticket-withdraw"))
                        }
                    }
                }
                Availability::Reserved => p.hint { (language.say("ticket-held-why")) },
                Availability::Sold | Availability::Withdrawn => {}
            }
            @if let Some(order) = &self.order {
                a.button.quiet href={ "/orders/" (order.id) } { (language.say("ticket-to-sale")) }
            }
        }
    }
}

/// `POST /tickets/{id}/reserve`
pub(crate) async fn reserve(
    State(web): State<Web>,
    Path(id): Path<String>,
    Post { visitor, form }: Post,
) -> Response {
    let Ok(id) = TicketId::parse(&id) else { return failure::not_found(&visitor) };
    let here = format!("/tickets/{id}");
    let api = Api::new(&web, &visitor);
    let failed = match api.reserve(id, form.get(ONCE)).await {
        Ok(order) => return to_order(&order, "reserved"),
        Err(failed) => failed,
    };
    let here = note::once_more(&here, &form, &failed);
    let code = match failed.code() {
        "ticket-already-reserved" => match own_order(api, id).await {
            Some(order) => return to_order(&order, "yours-already"),
            None => "lost-race",
        },
        "own-ticket" => "own-ticket",
        "ticket-not-for-sale" => "not-for-sale",
        _ if matches!(failed, Failed::SignedOut) => {
            return see_other(&failure::sign_in_for(&here), []);
        }
        _ if failed.is_not_found() => return failure::not_found(&visitor),
        _ => failure::note_of(&failed),
    };
    see_other(&note::with(&here, code), [])
}

fn to_order(order: &Order, code: &str) -> Response {
    see_other(&note::with(&format!("/orders/{}", order.id), code), [])
}

/// The visitor's own order that holds the ticket: another tab was quicker.
async fn own_order(api: Api<'_>, id: TicketId) -> Option<Order> {
    let (ticket, user) = tokio::join!(api.ticket(id), api.user());
    let order = api.order(ticket.ok()?.order_id?).await.ok()?;
    (order.user_id == user.ok()?.id).then_some(order)
}
