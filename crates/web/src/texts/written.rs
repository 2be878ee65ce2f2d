//! Numbers and times as each language writes them.

use std::fmt::Write;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use kernel::{Currency, MajorUnits, Timestamp};

use super::Language;

/// Between a number and what it counts, so that no line breaks there.
const TIGHT: char = '\u{a0}';

impl Language {
    /// A price as people type it: `1234.50`, `1234,50`.
    pub(crate) fn amount(self, price: MajorUnits, currency: Currency) -> String {
        let minor = price.of(currency).minor();
        let decimal = if self == Self::English { '.' } else { ',' };
        format!("{}{decimal}{:02}", minor / 100, minor % 100)
    }

    /// A price: `€1,234.50`, `1.234,50 €`.
    pub(crate) fn price(self, price: MajorUnits, currency: Currency) -> String {
        let minor = price.of(currency).minor();
        let (thousands, decimal) = match self {
            Self::English => (',', '.'),
            Self::German => ('.', ','),
        };
        let whole = (minor / 100).to_string();
        let mut text = String::with_capacity(whole.len() + 12);
        let sign = match currency {
            Currency::Chf => "CHF",
            Currency::Eur => "€",
            Currency::Gbp => "£",
            Currency::Usd => "$",
        };
        if self == Self::English {
            text.push_str(sign);
            if currency == Currency::Chf {
                text.push(TIGHT);
            }
        }
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                text.push(thousands);
            }
            text.push(digit);
        }
        let cents = minor % 100;
        let _infallible = write!(text, "{decimal}{cents:02}");
        if self == Self::German {
            text.push(TIGHT);
            text.push_str(sign);
        }
        text
    }

    /// A day and a time in UTC: `29 Nov 2026, 20:14 UTC`.
    pub(crate) fn instant(self, at: Timestamp) -> String {
        let time = self.time_of_day(at);
        format!("{}, {time}", self.day(at))
    }

    /// A day in UTC: `29 Nov 2026`.
    pub(crate) fn day(self, at: Timestamp) -> String {
        let Some(civil) = civil(at) else { return String::new() };
        let month = usize::from(civil.month().unsigned_abs()).saturating_sub(1);
        let (day, year) = (civil.day(), civil.year());
        match self {
            Self::English => format!("{day} {} {year}", ENGLISH_MONTHS[month.min(11)]),
            Self::German => format!("{day}. {} {year}", GERMAN_MONTHS[month.min(11)]),
        }
    }

    /// A time of day in UTC: `20:14 UTC`.
    pub(crate) fn time_of_day(self, at: Timestamp) -> String {
        let Some(civil) = civil(at) else { return String::new() };
        format!("{:02}:{:02} UTC", civil.hour(), civil.minute())
    }
}

fn civil(at: Timestamp) -> Option<DateTime> {
    let instant = jiff::Timestamp::from_microsecond(at.as_micros()).ok()?;
    Some(Offset::UTC.to_datetime(instant))
}

const ENGLISH_MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const GERMAN_MONTHS: [&str; 12] = [
    "Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez.",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_written_as_each_language_does() {
        let price = |text: &str, currency| {
            let price = MajorUnits::parse(text).unwrap();
            Language::ALL.map(|language| language.price(price, currency).replace(TIGHT, "_"))
        };
        assert_eq!(price("19.9", Currency::Eur), ["€19.90", "19,90_€"]);
        assert_eq!(price("123456.5", Currency::Usd), ["$123,456.50", "123.456,50_$"]);
        assert_eq!(price("0", Currency::Gbp), ["£0.00", "0,00_£"]);
        assert_eq!(price("999.05", Currency::Chf), ["CHF_999.05", "999,05_CHF"]);
    }

    #[test]
    fn times_are_in_utc() {
        let at = Timestamp::parse("2026-03-01T20:04:59Z").unwrap();
        let written = Language::ALL.map(|language| language.instant(at));
        assert_eq!(written, ["1 Mar 2026, 20:04 UTC", "1. März 2026, 20:04 UTC"]);
    }
}
