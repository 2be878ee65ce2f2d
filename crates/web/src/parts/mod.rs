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

use std::borrow::Cow;

use maud::{Markup, html};

use crate::csrf;
use crate::session::Visitor;

/// The name of the field that [`once`] makes, and of the parameter that keeps it for a page.
pub(crate) const ONCE: &str = "once";

/// The fields of a form that nobody sees: where it comes from, and which rendering it is of.
pub(crate) fn hidden(visitor: &Visitor) -> Markup {
    html! { input type="hidden" name=(csrf::FIELD) value=(visitor.token()); }
}

/// The field of a form that makes something: however often it is sent, there is one. Where it was
/// sent before and nobody knows what became of that, it is the `former` one again.
pub(crate) fn once(former: &str) -> Markup {
    let is_former = csrf::is_once(former);
    let key = if is_former { Cow::Borrowed(former) } else { Cow::Owned(csrf::once()) };
    html! { input type="hidden" name=(ONCE) value=(key); }
}
