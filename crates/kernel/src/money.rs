//! Money: a whole number of minor units inside, a JSON number in major units outside.
//!
//! A price is read from the digits the client wrote ([`MajorUnits::parse`]), so `19.99` is 1999
//! cents and `19.999` is refused; no value ever passes through a float on its way in.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// The largest amount the exchange handles: 999,999.99, the limit card networks share.
pub const LARGEST_MINOR: i64 = 99_999_999;

/// Currencies with two decimals, by ISO 4217 code. Those with none or three (JPY, KWD) don't fit
/// the rule "at most two decimals" and are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Swiss franc.
    Chf,
    /// Euro.
    Eur,
    /// Pound sterling.
    Gbp,
    /// United States dollar.
    Usd,
}

impl Currency {
    /// The ISO 4217 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Chf => "CHF",
            Self::Eur => "EUR",
            Self::Gbp => "GBP",
            Self::Usd => "USD",
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The text names no currency the exchange handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of CHF, EUR, GBP, USD")]
pub struct UnknownCurrency;

impl std::str::FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        match text {
            "CHF" => Ok(Self::Chf),
            "EUR" => Ok(Self::Eur),
            "GBP" => Ok(Self::Gbp),
            "USD" => Ok(Self::Usd),
            _ => Err(UnknownCurrency),
        }
    }
}

/// An amount in a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// `minor` units (cents) of `currency`.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Whole minor units: 1999 for 19.99.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The amount as it is written in JSON.
    #[must_use]
    pub const fn major(self) -> MajorUnits {
        MajorUnits(self.minor)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", decimal(self.minor), self.currency)
    }
}

/// Why a number is not an amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAmount {
    /// Not a JSON number.
    #[error("must be a number")]
    NotANumber,
    /// Below zero.
    #[error("must not be negative")]
    Negative,
    /// Finer than a minor unit.
    #[error("must have at most two decimals")]
    TooPrecise,
    /// Above [`LARGEST_MINOR`].
    #[error("must be at most 999999.99")]
    TooLarge,
}

/// An amount as JSON carries it: a number in major units with at most two decimals, such as
/// `19.99`. Holds minor units; the currency stands in a field of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MajorUnits(i64);

impl MajorUnits {
    /// Reads the text of a JSON number, exactly: `20`, `19.9`, `19.990`, `1.999e1`.
    ///
    /// # Errors
    /// [`InvalidAmount`] names the rule that is broken.
    pub fn parse(text: &str) -> Result<Self, InvalidAmount> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let minor = minor_units(text)?;
        match (negative, minor) {
            (true, 1..) => Err(InvalidAmount::Negative),
            (_, minor) if minor > LARGEST_MINOR => Err(InvalidAmount::TooLarge),
            (_, minor) => Ok(Self(minor)),
        }
    }

    /// The same amount as [`Money`] of `currency`.
    #[must_use]
    pub const fn of(self, currency: Currency) -> Money {
        Money::new(self.0, currency)
    }
}

impl fmt::Display for MajorUnits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal(self.0))
    }
}

/// The value of an unsigned JSON number × 100, if that is whole. Amounts beyond every limit come
/// back as `TooLarge` without being computed.
fn minor_units(text: &str) -> Result<i64, InvalidAmount> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let empty_fraction = fraction.is_empty() && mantissa.contains('.');
    if whole.is_empty() || empty_fraction || !all_digits(whole) || !all_digits(fraction) {
        return Err(InvalidAmount::NotANumber);
    }
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Ok(0);
    }
    let dropped_zeros = (digits.len() - significant.len()) as i64;
    // value × 100 = significant × 10^power
    let power = exponent - fraction.len() as i64 + 2 + dropped_zeros;
    if power < 0 {
        return Err(InvalidAmount::TooPrecise);
    }
    if significant.len() as i64 + power > 12 {
        return Err(InvalidAmount::TooLarge);
    }
    let padded = format!("{significant}{}", "0".repeat(power as usize));
    padded.parse().map_err(|_| InvalidAmount::TooLarge)
}

fn parse_exponent(text: &str) -> Result<i64, InvalidAmount> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(InvalidAmount::NotANumber);
    }
    let magnitude: i64 = if digits.trim_start_matches('0').len() > 6 {
        10_000_000
    } else {
        digits.parse().map_err(|_| InvalidAmount::NotANumber)?
    };
    Ok(if text.starts_with('-') { -magnitude } else { magnitude })
}

/// Minor units as a decimal with as few digits as it needs: 1999 → `19.99`, 2000 → `20`.
fn decimal(minor: i64) -> String {
    match (minor / 100, minor % 100) {
        (whole, 0) => whole.to_string(),
        (whole, cents) if cents % 10 == 0 => format!("{whole}.{}", cents / 10),
        (whole, cents) => format!("{whole}.{cents:02}"),
    }
}

impl Serialize for MajorUnits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(decimal(self.0)).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MajorUnits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(raw.get()).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_read_exactly() {
        let cases = [
            ("0", 0),
            ("-0", 0),
            ("0.00", 0),
            ("19.99", 1999),
            ("19.9", 1990),
            ("19.990", 1999),
            ("20", 2000),
            ("1.999e1", 1999),
            ("1999E-2", 1999),
            ("2e3", 200_000),
            ("0.1e1", 100),
            ("999999.99", LARGEST_MINOR),
            ("0e999999999", 0),
        ];
        for (text, minor) in cases {
            assert_eq!(MajorUnits::parse(text), Ok(MajorUnits(minor)), "{text}");
        }
    }

    #[test]
    fn what_is_no_price_says_why() {
        use InvalidAmount::{Negative, NotANumber, TooLarge, TooPrecise};
        let cases = [
            ("19.999", TooPrecise),
            ("0.001", TooPrecise),
            ("1e-3", TooPrecise),
            ("1e-99999999999", TooPrecise),
            ("-1", Negative),
            ("-0.01", Negative),
            ("1000000", TooLarge),
            ("1e300", TooLarge),
            ("99999999999999999999999999", TooLarge),
            ("1e99999999999999999999", TooLarge),
            ("\"19.99\"", NotANumber),
            ("true", NotANumber),
            ("null", NotANumber),
            ("", NotANumber),
            ("1.", NotANumber),
            (".5", NotANumber),
            ("1e", NotANumber),
            ("0x10", NotANumber),
            ("--1", NotANumber),
        ];
        for (text, why) in cases {
            assert_eq!(MajorUnits::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn json_carries_major_units_without_padding() {
        for (minor, json) in [(1999, "19.99"), (2000, "20"), (1990, "19.9"), (5, "0.05"), (0, "0")]
        {
            let amount = MajorUnits(minor);
            assert_eq!(serde_json::to_string(&amount).unwrap(), json);
            assert_eq!(serde_json::from_str::<MajorUnits>(json).unwrap(), amount);
        }
    }

    #[test]
    fn every_cent_up_to_ten_thousand_survives_the_round_trip() {
        for minor in 0..1_000_000 {
            assert_eq!(MajorUnits::parse(&decimal(minor)), Ok(MajorUnits(minor)));
        }
    }
}
