//! What a seller says of a ticket: the form's fields, and what is wrong with them.

use std::borrow::Cow;

use kernel::money::InvalidAmount;
use kernel::{Currency, MajorUnits};
use maud::{Markup, html};

use super::field::Field;
use crate::api::Refused;
use crate::api::tickets::Offer;
use crate::forms::Form;
use crate::texts::Language;

/// The contract's rules, so that a fault is told at once.
const TITLE_MIN: u16 = 3;
const TITLE_MAX: u16 = 56;
const DESCRIPTION_MAX: u16 = 2000;

/// What is wrong: the field, and the message that says so.
pub(crate) type Faults = Vec<(&'static str, &'static str)>;

/// Reads what was typed.
pub(crate) fn read(form: &Form) -> Result<Offer<'_>, Faults> {
    let mut faults = Faults::new();
    let title = form.get("title").trim();
    let length = title.chars().count();
    if !(usize::from(TITLE_MIN)..=usize::from(TITLE_MAX)).contains(&length) {
        faults.push(("title", "rule-title"));
    }
    let description = form.typed("description");
    if description.is_some_and(|text| text.chars().count() > usize::from(DESCRIPTION_MAX)) {
        faults.push(("description", "rule-description"));
    }
    match price(form.get("price")) {
        Ok(price) if faults.is_empty() => Ok(Offer { title, price, description }),
        Ok(_) => Err(faults),
        Err(fault) => {
            faults.push(("price", fault));
            Err(faults)
        }
    }
}

/// Reads a price as people type it: `19.99`, `19,99`, `20`.
pub(crate) fn price(text: &str) -> Result<MajorUnits, &'static str> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    // as in Germany, when the only separator is a comma
    let text = if text.contains('.') { text } else { text.replacen(',', ".", 1) };
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    if !is_plain {
        return Err("rule-price");
    }
    // a separator of thousands, as in 1.000, is not to be read as that of cents
    if text.split_once('.').is_some_and(|(_, cents)| cents.len() > 2) {
        return Err("rule-price-precise");
    }
    MajorUnits::parse(&text).map_err(|invalid| match invalid {
        InvalidAmount::NotANumber => "rule-price",
        InvalidAmount::Negative => "rule-price-negative",
        InvalidAmount::TooPrecise => "rule-price-precise",
        InvalidAmount::TooLarge => "rule-price-large",
    })
}

/// What the exchange found wrong beside.
pub(crate) fn faults_of(refused: &Refused) -> Faults {
    let known =
        [("title", "rule-title"), ("price", "rule-price"), ("description", "rule-description")];
    let is_named = |name: &str| refused.fields.iter().any(|field| field == name);
    known.into_iter().filter(|(name, _)| is_named(name)).collect()
}

/// The fields of the form.
pub(crate) fn fields(
    language: Language,
    form: &Form,
    faults: &Faults,
    currency: Currency,
) -> Markup {
    let fault = |name: &str| -> Option<Cow<'static, str>> {
        faults.iter().find(|(field, _)| *field == name).map(|(_, key)| language.say(key))
    };
    let title = Field {
        name: "title",
        label: language.say("sell-title"),
        hint: Some(language.say("sell-title-hint")),
        value: form.get("title"),
        fault: fault("title"),
        autocomplete: Some("off"),
        min_length: Some(TITLE_MIN),
        max_length: Some(TITLE_MAX),
        rule: Some(language.say("rule-title")),
        ..Field::default()
    };
    let price = Field {
        name: "price",
        label: language.say("sell-price"),
        hint: Some(language.say("sell-price-hint")),
        value: form.get("price"),
        fault: fault("price"),
        autocomplete: Some("off"),
        inputmode: Some("decimal"),
        max_length: Some(12),
        pattern: Some("\\s*[0-9]{1,6}([.,][0-9]{1,2})?\\s*"),
        unit: Some(currency.code()),
        rule: Some(language.say("rule-price")),
        ..Field::default()
    };
    let description = Field {
        name: "description",
        label: language.say("sell-description"),
        hint: Some(language.say("sell-description-hint")),
        value: form.get("description"),
        fault: fault("description"),
        max_length: Some(DESCRIPTION_MAX),
        is_optional: true,
        rows: Some(5),
        rule: Some(language.say("rule-description")),
        ..Field::default()
    };
    html! { (title.show()) (price.show()) (description.show()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_as_people_type_them() {
        let read = |text: &str| price(text).map(|price| price.to_string());
        for (typed, meant) in [("19.99", "19.99"), (" 19,99 ", "19.99"), ("20", "20"), ("0", "0")] {
            assert_eq!(read(typed), Ok(meant.to_owned()), "{typed}");
        }
        for (typed, fault) in [
            ("", "rule-price"),
            ("free", "rule-price"),
            ("1e3", "rule-price"),
            ("1.000,50", "rule-price"),
            ("1,000.50", "rule-price"),
            ("19.999", "rule-price-precise"),
            ("1.000", "rule-price-precise"),
            ("1,000", "rule-price-precise"),
            ("1.000.000", "rule-price-precise"),
            ("-1", "rule-price-negative"),
            ("1000000", "rule-price-large"),
        ] {
            assert_eq!(read(typed), Err(fault), "{typed}");
        }
    }
}
