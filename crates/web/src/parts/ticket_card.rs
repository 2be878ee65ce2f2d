//! A ticket in a list.

use maud::{Markup, html};

use super::{moment, state};
use crate::api::tickets::Ticket;
use crate::texts::Language;

/// A ticket that looks like one: what it is for, and the stub with its price.
pub(crate) fn ticket_card(language: Language, ticket: &Ticket) -> Markup {
    let state = ticket.availability();
    html! {
        li {
            article.ticket {
                div.ticket-main {
                    h3.ticket-title { a href={ "/tickets/" (ticket.id) } { (ticket.title) } }
                    @if let Some(description) = &ticket.description {
                        p.ticket-about { (description) }
                    }
                    p.ticket-when {
                        (moment::around(language, "card-listed",
                            &moment::day(language, ticket.created_at)))
                    }
                }
                div.ticket-stub {
                    p.price { (language.price(ticket.price, ticket.currency)) }
                    (state::live(language, state, ticket.id, ticket.version))
                }
            }
        }
    }
}
