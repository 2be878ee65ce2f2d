//! States, each told by a word, an icon and a colour.

use events::OrderStatus;
use kernel::TicketId;
use maud::{Markup, html};

use super::icon::{self, icon};
use crate::api::tickets::Availability;
use crate::texts::Language;

/// Whether a ticket can be had.
pub(crate) fn availability(language: Language, availability: Availability) -> Markup {
    let (class, outline, key) = look(availability);
    html! { span class=(class) { (icon(outline)) (language.say(key)) } }
}

/// The same, kept up to date by the script.
pub(crate) fn live(language: Language, state: Availability, id: TicketId, version: u64) -> Markup {
    let (class, outline, key) = look(state);
    html! {
        span class=(class) data-live-ticket=(id) data-version=(version) {
            (icon(outline)) (language.say(key))
        }
    }
}

/// What the script puts in place of a badge.
pub(crate) fn templates(language: Language) -> Markup {
    let all = [
        ("free", Availability::Free),
        ("reserved", Availability::Reserved),
        ("sold", Availability::Sold),
        ("withdrawn", Availability::Withdrawn),
    ];
    html! {
        @for (name, state) in all { template data-state=(name) { (availability(language, state)) } }
    }
}

fn look(availability: Availability) -> (&'static str, &'static str, &'static str) {
    match availability {
        Availability::Free => ("badge badge-free", icon::CHECK, "state-free"),
        Availability::Reserved => ("badge badge-reserved", icon::HOURGLASS, "state-reserved"),
        Availability::Sold => ("badge badge-sold", icon::SOLD, "state-sold"),
        Availability::Withdrawn => ("badge badge-sold", icon::CROSS, "state-withdrawn"),
        Availability::NotOnSale => ("badge badge-sold", icon::CROSS, "state-not-on-sale"),
    }
}

/// Where an order stands.
pub(crate) fn order(language: Language, status: OrderStatus) -> Markup {
    let (class, outline, key) = match status {
        OrderStatus::Created => ("badge badge-reserved", icon::HOURGLASS, "order-created"),
        OrderStatus::AwaitingPayment => ("badge badge-reserved", icon::CARD, "order-awaiting"),
        OrderStatus::Complete => ("badge badge-free", icon::CHECK, "order-complete"),
        OrderStatus::Cancelled => ("badge badge-sold", icon::CROSS, "order-cancelled"),
    };
    html! { span class=(class) { (icon(outline)) (language.say(key)) } }
}
