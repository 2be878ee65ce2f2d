//! Times. The server writes UTC; the script writes what the visitor's clock on the wall shows.

use kernel::Timestamp;
use maud::{Markup, html};

use crate::texts::Language;

/// A day and a time of day.
pub(crate) fn instant(language: Language, at: Timestamp) -> Markup {
    html! { time datetime=(at) data-time="instant" { (language.instant(at)) } }
}

/// A day.
pub(crate) fn day(language: Language, at: Timestamp) -> Markup {
    html! { time datetime=(at) data-time="day" { (language.day(at)) } }
}

/// A time of day.
pub(crate) fn time_of_day(language: Language, at: Timestamp) -> Markup {
    html! { time datetime=(at) data-time="time" { (language.time_of_day(at)) } }
}

/// The message `key`, with `inner` for its variable `it`.
pub(crate) fn around(language: Language, key: &str, inner: &Markup) -> Markup {
    const PLACE: &str = "\u{1}";
    let text = language.fill(key, &[("it", PLACE.into())]);
    let (before, after) = text.split_once(PLACE).unwrap_or((&text, ""));
    html! { (before) (inner) (after) }
}
