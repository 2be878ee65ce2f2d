//! Icons, drawn in the text's colour; words stand beside them.

use maud::{Markup, PreEscaped, html};

/// The logo: a ticket whose stub is torn off for the next one.
pub(crate) const LOGO: PreEscaped<&str> = PreEscaped(
    "<svg class=\"logo\" viewBox=\"0 0 40 28\" aria-hidden=\"true\" focusable=\"false\">\
     <path class=\"logo-main\" d=\"M4 3h19v22H4a2 2 0 0 1-2-2v-4.5a4.5 4.5 0 0 0 0-9V5a2 2 0 0 1 \
     2-2Z\"/><path class=\"logo-stub\" d=\"M27.6 2.6 36 4a2 2 0 0 1 1.7 \
     2.3l-.8 4.6a4.2 4.2 0 0 0-1.4 8.3l-.8 4.6a2 2 0 0 1-2.3 1.6l-8.4-1.4Z\"/></svg>",
);

pub(crate) const CHECK: &str = "M3 8.5 6.5 12 13 4.5";
pub(crate) const HOURGLASS: &str = "M4 2h8M4 14h8M5 2v2.5L8 8l3-3.5V2M5 14v-2.5L8 8l3 3.5V14";
pub(crate) const CROSS: &str = "m4 4 8 8M12 4l-8 8";
pub(crate) const SOLD: &str = "M2 5h12v2a1 1 0 0 0 0 2v2H2V9a1 1 0 0 0 0-2ZM9.5 5v6";
pub(crate) const INFO: &str = "M8 15A7 7 0 1 0 8 1a7 7 0 0 0 0 14ZM8 7.5v4M8 4.6v.1";
pub(crate) const WARN: &str = "M8 2 15 14H1ZM8 6.5v3.5M8 12v.1";
pub(crate) const SEARCH: &str = "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.6 10.6 14 14";
pub(crate) const PERSON: &str = "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 14a5.5 5.5 0 0 1 11 0";
pub(crate) const CARD: &str = "M1.5 3.5h13v9h-13ZM1.5 6.5h13M4 10h3";

/// The icon with this outline.
pub(crate) fn icon(outline: &str) -> Markup {
    html! {
        svg.icon viewBox="0 0 16 16" aria-hidden="true" focusable="false" { path d=(outline) {} }
    }
}
