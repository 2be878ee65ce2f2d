//! How the fields of the public entities look in OpenAPI and AsyncAPI documents: one description
//! for each kind of value, whichever entity or request it stands in.

use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{KnownFormat, SchemaFormat};

/// The highest price, in major units; see [`kernel::money::LARGEST_MINOR`].
const PRICE_MAX: f64 = 999_999.99;

/// No spaces around it, no control or invisible characters.
const LINE: &str = concat!(
    r"^[^\s\x00-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]",
    r"[^\x00-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]*",
    r"[^\s\x00-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]$",
);

/// As [`LINE`], with tabs and line ends within.
const LINES: &str = concat!(
    r"^[^\s\x00-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]",
    r"([^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f",
    r"\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]*",
    r"[^\s\x00-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff])?$",
);

/// An id: a UUID as text.
#[must_use]
pub fn id() -> Object {
    let format = SchemaFormat::KnownFormat(KnownFormat::Uuid);
    text("0190163d-8694-739b-aea5-966c26f8ad91").format(Some(format)).build()
}

/// A ticket's title.
#[must_use]
pub fn title() -> Object {
    text("Nick Cave, Berlin").pattern(Some(LINE)).min_length(Some(3)).max_length(Some(56)).build()
}

/// What the seller says of a ticket.
#[must_use]
pub fn description() -> Object {
    text("Row 3, seat 14").pattern(Some(LINES)).max_length(Some(2000)).build()
}

/// What the seller says of a ticket, where `null` means nothing.
#[must_use]
pub fn description_or_null() -> Object {
    let kind = SchemaType::from_iter([Type::String, Type::Null]);
    ObjectBuilder::from(description()).schema_type(kind).build()
}

/// An amount of money, in major units.
#[must_use]
pub fn price() -> Object {
    of(Type::Number)
        .minimum(Some(0.0))
        .maximum(Some(PRICE_MAX))
        .multiple_of(Some(0.01))
        .examples([serde_json::json!(19.99)])
        .build()
}

/// An ISO 4217 code.
#[must_use]
pub fn currency() -> Object {
    one_of(["CHF", "EUR", "GBP", "USD"])
}

/// One of these texts.
#[must_use]
pub fn one_of<const N: usize>(texts: [&str; N]) -> Object {
    of(Type::String).enum_values(Some(texts)).build()
}

/// How often an entity has changed.
#[must_use]
pub fn version() -> Object {
    let most = f64::from(u32::MAX);
    of(Type::Integer).minimum(Some(0.0)).maximum(Some(most)).examples([3]).build()
}

/// A moment: RFC 3339, UTC, milliseconds.
#[must_use]
pub fn time() -> Object {
    let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    text("2026-11-22T20:00:00.000Z").format(Some(format)).build()
}

fn text(example: &str) -> ObjectBuilder {
    of(Type::String).examples([example])
}

fn of(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(kind))
}
