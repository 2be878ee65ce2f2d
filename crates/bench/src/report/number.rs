//! How a figure's value is written: about three digits that matter, thousands apart, its unit.

use crate::results::{Aim, Unit};

/// What stands where nothing was measured.
pub(super) const NOTHING: &str = "–";

/// How many digits stand behind the point, for values about as large as this one.
pub(super) fn decimals(value: f64, unit: Unit) -> usize {
    match (unit, value.abs()) {
        (Unit::Count, size) if size.fract() == 0.0 => 0,
        (_, size) if size >= 100.0 => 0,
        (Unit::Ratio, _) => 2,
        (_, size) if size >= 10.0 => 1,
        (Unit::Milliseconds, size) if size < 1.0 => 3,
        _ => 2,
    }
}

/// As many as let a missed aim be seen: 0.5996 is not shown as 0.60, where 0.60 was asked for.
pub(super) fn decimals_beside(value: f64, bound: f64, unit: Unit) -> usize {
    const MOST: usize = 9;
    let least = decimals(value, unit);
    let differ = |decimals: &usize| number(value, *decimals) != number(bound, *decimals);
    let apart = || (least..=MOST).find(differ).unwrap_or(MOST);
    if value == bound { least } else { apart() }
}

/// `1234567.8` with one decimal is `1,234,567.8`.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let digits = text.trim_start_matches('-');
    // what is rounded to nothing has no sign
    let is_negative = digits.len() < text.len() && digits.contains(|it| matches!(it, '1'..='9'));
    let sign = if is_negative { "-" } else { "" };
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let first = (whole.len() + 2) % 3 + 1;
    let mut grouped = format!("{sign}{}", &whole[..first.min(whole.len())]);
    for group in whole.as_bytes().get(first..).unwrap_or_default().chunks(3) {
        grouped.push(',');
        grouped.extend(group.iter().map(|digit| char::from(*digit)));
    }
    grouped + fraction
}

/// With its unit: `48,100/s`, `3.20 ms`.
pub(super) fn with_unit(value: f64, decimals: usize, unit: Unit) -> String {
    number(value, decimals) + suffix(unit)
}

/// `≥ 0.6 ×`: as it was asked for, with no digit more.
pub(super) fn aim(aim: Aim, unit: Unit) -> String {
    let (sign, bound) = match aim {
        Aim::AtLeast(bound) => ("≥", bound),
        Aim::AtMost(bound) => ("≤", bound),
    };
    let text = number(bound, 4);
    let short = text.trim_end_matches('0').trim_end_matches('.');
    format!("{sign} {short}{}", suffix(unit))
}

/// A number of tickets, short enough for an axis: `10 k`, `1 M`.
pub(super) fn size(size: u64) -> String {
    match size {
        0..1_000 => size.to_string(),
        1_000..1_000_000 if size.is_multiple_of(1_000) => format!("{} k", size / 1_000),
        1_000_000.. if size.is_multiple_of(1_000_000) => format!("{} M", size / 1_000_000),
        _ => number(size as f64, 0),
    }
}

pub(super) fn suffix(unit: Unit) -> &'static str {
    match unit {
        Unit::PerSecond => "/s",
        Unit::Milliseconds => " ms",
        Unit::Megabytes => " MB",
        Unit::Ratio => " ×",
        Unit::Count => "",
    }
}
