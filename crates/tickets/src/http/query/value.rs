//! Values of fields: each field's own type, in whichever form it came.

use events::TicketStatus;
use http_kit::params::Given;
use kernel::{Currency, EventId, MajorUnits, Timestamp};

use crate::domain::query::{Field, Key};

/// The longest text that titles are compared with, in characters.
const TEXT_MAX: usize = 200;

/// One name of a small set.
pub(super) fn one_of<T: Copy>(given: &Given, names: &[(&str, T)]) -> Result<T, String> {
    let text = given.as_text().unwrap_or_default();
    let known = names.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    let rule = || {
        let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
        format!("must be one of {}", names.join(", "))
    };
    known.ok_or_else(rule)
}

/// `1` or something else, `-1` or `0`: two numbers that stand for two ways.
pub(super) fn one_or(given: &Given, other: &str) -> Result<bool, String> {
    match given.as_number() {
        Ok("1") => Ok(true),
        Ok(text) if text == other => Ok(false),
        _ => Err(format!("must be 1 or {other}")),
    }
}

/// A text to compare titles with.
pub(super) fn text(given: &Given) -> Result<String, String> {
    let text = given.as_text()?;
    if (1..=TEXT_MAX).contains(&text.chars().count()) {
        Ok(text.to_owned())
    } else {
        Err(format!("must have 1 to {TEXT_MAX} characters"))
    }
}

/// A value of `field`.
pub(super) fn key(field: Field, given: &Given) -> Result<Key, String> {
    match field {
        Field::Order if given.is_null() => Ok(Key::Nothing),
        Field::Id | Field::Seller | Field::Order => {
            let id = EventId::parse(given.as_text().unwrap_or_default());
            id.map(|id| Key::Id(id.as_uuid())).map_err(|error| error.to_string())
        }
        Field::Title => text(given).map(Key::Text),
        Field::Price => {
            let price = MajorUnits::parse(given.as_number()?).map_err(|error| error.to_string())?;
            // which currency is all the same: only the number counts
            Ok(Key::Minor(price.of(Currency::Eur).minor()))
        }
        Field::Status => {
            let statuses = TicketStatus::ALL.iter().map(|status| (status.as_str(), *status));
            one_of(given, &statuses.collect::<Vec<_>>()).map(Key::Status)
        }
        Field::CreatedAt => {
            let instant = Timestamp::parse(given.as_text().unwrap_or_default());
            instant.map(Key::Instant).map_err(|error| error.to_string())
        }
    }
}
