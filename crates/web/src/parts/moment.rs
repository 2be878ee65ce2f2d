//! Times. The server writes UTC; the script writes what the visitor's clock on the wall shows.

use std::borrow::Cow;
use std::time::Duration;

use kernel::Timestamp;
use maud::{Markup, html};

use crate::texts::Language;

/// How long something lasts: in minutes, where that says it exactly.
pub(crate) fn span(language: Language, span: Duration) -> Cow<'static, str> {
    let seconds = span.as_secs();
    let (key, count) = if seconds > 0 && seconds.is_multiple_of(60) {
        ("span-minutes", seconds / 60)
    } else {
        ("span-seconds", seconds)
    };
    language.fill(key, &[("count", count.into())])
}

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
