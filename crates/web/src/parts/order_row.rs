//! An order in a list.

use events::{Order, OrderStatus};
use maud::{Markup, html};

use super::{moment, state};
use crate::texts::Language;

/// An order as a ticket with its state on the stub.
pub(crate) fn order_row(language: Language, order: &Order) -> Markup {
    let is_open = matches!(order.status, OrderStatus::Created | OrderStatus::AwaitingPayment);
    let when = if is_open {
        let until = moment::time_of_day(language, order.expires_at);
        moment::around(language, "row-until", &until)
    } else {
        let at = moment::instant(language, order.created_at);
        moment::around(language, "row-placed", &at)
    };
    html! {
        li {
            article.ticket {
                div.ticket-main {
                    h3.ticket-title { a href={ "/orders/" (order.id) } { (order.ticket.title) } }
                    p.ticket-when { (when) }
                }
                div.ticket-stub {
                    p.price { (language.price(order.ticket.price, order.ticket.currency)) }
                    // what is over doesn't change any more
                    span data-live-order=[is_open.then_some(order.id)]
                        data-version=(order.version) {
                        (state::order(language, order.status))
                    }
                }
            }
        }
    }
}
