//! What several pages are made of.

pub(crate) mod cards;
pub(crate) mod credentials;
pub(crate) mod field;
pub(crate) mod history;
pub(crate) mod icon;
pub(crate) mod layout;
pub(crate) mod moment;
pub(crate) mod note;
pub(crate) mod offer;
pub(crate) mod order_row;
pub(crate) mod state;
pub(crate) mod ticket_card;

use maud::{Markup, html};

use crate::csrf;
use crate::session::Visitor;

/// The fields of a form that nobody sees: where it comes from, and which rendering it is of.
pub(crate) fn hidden(visitor: &Visitor) -> Markup {
    html! { input type="hidden" name=(csrf::FIELD) value=(visitor.token()); }
}

/// The field of a form that makes something: however often it is sent, there is one.
pub(crate) fn once() -> Markup {
    html! { input type="hidden" name="once" value=(csrf::once()); }
}
